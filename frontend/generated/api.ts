// Generated from interface/ by `npm run generate`: not edited by hand.

export interface paths {
    "/api/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Money of books */
        get: operations["list_accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Seats of the council */
        get: operations["list_agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{agent}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One agent's seat */
        get: operations["govsite_api_reading_agent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{agent}/performance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How good an agent is
         * @description Calibration of its forecasts, regret of its council with the bound, its vetoes and proposals with their worth.
         */
        get: operations["govsite_api_performance_agent_performance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{agent}/weights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An agent's weight
         * @description Over time, the newest first: one row for each scored bucket.
         */
        get: operations["govsite_api_reading_weights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alarms */
        get: operations["list_alarms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Acknowledge */
        post: operations["govsite_api_commands_acknowledge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bars": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bars of an instrument
         * @description The newest first, of 1 s or of 60 s; those that began at or after `from` and before `to`.
         */
        get: operations["govsite_api_reading_bars"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Books: terms, mode, source of prices */
        get: operations["list_books"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One book */
        get: operations["govsite_api_reading_book"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/adjust": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Adjust a position
         * @description Brings the book level with what is really held: a transfer, not a trade.
         */
        post: operations["govsite_api_commands_adjust"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/as-of": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A book as it was at a time */
        get: operations["govsite_api_auditing_as_of"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/breakers/clear": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Clear a breaker */
        post: operations["govsite_api_commands_clear"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/cash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deposit, withdraw */
        post: operations["govsite_api_commands_move_cash"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a change
         * @description What tightens holds at once; what loosens waits for another operator and its timelock. Rules are compiled, and
         *     changes of rules and parameters are tried on the last decisions, before anything is sent.
         */
        post: operations["govsite_api_commands_request_change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/flatten": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Flatten
         * @description A position, or all of them, to zero at the market; what works is cancelled first. Not while halted.
         */
        post: operations["govsite_api_commands_flatten"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/halt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Halt a book
         * @description In force when it is answered, without governor and Redis. Needs no second factor: stopping comes first.
         */
        post: operations["govsite_api_commands_halt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Propose as an agent
         * @description In the ledger it is the seat's own. A token speaks for the one agent that it names.
         */
        post: operations["govsite_api_commands_propose"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/reconcile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compare with the venue */
        post: operations["govsite_api_commands_reconcile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let trades in again
         * @description From HALTED to REDUCE_ONLY; then another operator, to NORMAL.
         */
        post: operations["govsite_api_commands_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/suspensions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Suspend an instrument */
        post: operations["govsite_api_commands_suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/books/{book}/suspensions/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lift a suspension */
        post: operations["govsite_api_commands_lift"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/breakers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Breakers that have spoken, with formula and inputs */
        get: operations["list_breakers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Changes that people asked for */
        get: operations["list_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes/{change_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve a change
         * @description Another operator than who asked for it; its timelock begins.
         */
        post: operations["govsite_api_commands_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes/{change_id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuse a change */
        post: operations["govsite_api_commands_refuse_change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Signed checkpoints of the hash chains
         * @description Those of positions after `after`, of one log or of all.
         */
        get: operations["govsite_api_auditing_checkpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/commands/{command_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of a command
         * @description One's own; all of them for who may see the outbox.
         */
        get: operations["govsite_api_commands_command"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Messages that were refused
         * @description The newest first.
         */
        get: operations["govsite_api_machine_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What rounds decided */
        get: operations["list_decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions/{decision_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One decision: its orders and fills */
        get: operations["govsite_api_reading_decision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions/{decision_id}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How a decision came about
         * @description The id of a decision, of its deliberation or of one of its orders.
         */
        get: operations["govsite_api_auditing_explain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliberations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rounds of the council */
        get: operations["list_deliberations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliberations/{deliberation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One round: proposals and ballots */
        get: operations["govsite_api_reading_deliberation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where prices come from, and how the feed fares */
        get: operations["govsite_api_machine_feed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feed-source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Switch the source of prices
         * @description The feed that runs does it, and answers; 409 where it refuses.
         */
        post: operations["govsite_api_commands_switch_source"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fills": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Executions at a venue */
        get: operations["list_fills"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/halt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Halt all books
         * @description In force when it is answered, without governor and Redis. Needs no second factor: stopping comes first.
         */
        post: operations["govsite_api_commands_halt_all"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Decisions that rules held for an operator */
        get: operations["list_holds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/holds/{decision_id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuse a hold */
        post: operations["govsite_api_commands_refuse_hold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/holds/{decision_id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Release a hold
         * @description Prices and rules are checked again.
         */
        post: operations["govsite_api_commands_release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instruments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What books may trade */
        get: operations["govsite_api_machine_instruments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events, a page at a time */
        get: operations["govsite_api_auditing_ledger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events with a signed manifest, as a zip file
         * @description What `audit export` writes: `docs/verify_offline.py` verifies it with the public key.
         */
        get: operations["govsite_api_auditing_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the ledger is whole
         * @description Chains and checkpoints where no part is named. Read models are compared with `audit verify --read-models`.
         */
        get: operations["govsite_api_auditing_verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who asks, and what they may see */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Orders */
        get: operations["list_orders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One order with its fills */
        get: operations["govsite_api_reading_order"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel an order
         * @description It is cancelled unless it is filled before that.
         */
        post: operations["govsite_api_commands_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the market made of questions */
        get: operations["list_outcomes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/positions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What books hold */
        get: operations["list_positions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/processes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the processes say of themselves */
        get: operations["govsite_api_machine_processes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What agents proposed, and what became of it */
        get: operations["list_proposals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rules in their current version */
        get: operations["list_rules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How often rules trip
         * @description Counted over the newest 1,000 evaluations of the time asked for, among the newest 20,000 of all books.
         */
        get: operations["govsite_api_rule_activity_activity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/{rule}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One rule */
        get: operations["govsite_api_reading_rule"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/{rule}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions of a rule
         * @description With who activated each and why, the newest first.
         */
        get: operations["govsite_api_reading_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Account
         * @description The money of a book: cash, what was paid in, what was realised and what it cost.
         */
        Account: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /**
             * Cash
             * @example 0.05
             */
            cash: string;
            /**
             * Deposits
             * @example 0.05
             */
            deposits: string;
            /**
             * Fees
             * @example 0.05
             */
            fees: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Opened At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            opened_at: string;
            /** Quote */
            quote: string;
            /**
             * Realised
             * @example 0.05
             */
            realised: string;
        };
        /** AccountPage */
        AccountPage: {
            /**
             * Accounts
             * @description in order
             */
            accounts: components["schemas"]["Account"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * ActivateRule
         * @description A rule's next version, or a new rule: every clause must be true, or the effect follows.
         */
        ActivateRule: {
            clauses: components["schemas"]["RuleClause"][];
            /** @default  */
            clip_to: string;
            /** @enum {unknown} */
            effect: "clip" | "deny" | "hold" | "warn";
            /** @default [] */
            examples: components["schemas"]["RuleExample"][];
            /** @default true */
            exempt_risk_reducing: boolean;
            /** @enum {unknown} */
            kind: "ActivateRule";
            rule: string;
            /** @default false */
            shadow: boolean;
            title: string;
        };
        /** Activity */
        Activity: {
            /** Book */
            book: string;
            /**
             * Evaluations
             * @description how many were counted: the newest of the time asked for
             */
            evaluations: number;
            /**
             * Most
             * @description no more than these are counted
             */
            most: number;
            /**
             * Rules
             * @description those that were asked; a rule without a row was not
             */
            rules: components["schemas"]["RuleActivity"][];
            /**
             * Since
             * @description time of the first that was counted
             */
            since: string | null;
            /**
             * Until
             * @description time of the last that was counted
             */
            until: string | null;
        };
        /**
         * AdjustBody
         * @description What comes in (above 0) or goes out, and what it is worth a unit.
         */
        AdjustBody: {
            instrument: string;
            /** Format: decimal */
            price: string;
            /** Format: decimal */
            quantity: string;
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
        };
        /**
         * AdjustReputation
         * @description Sets a seat's weight in all three copies, the others keep their ratios; restarts the bounds.
         */
        AdjustReputation: {
            agent: string;
            /** @enum {unknown} */
            kind: "AdjustReputation";
            weight: number;
        };
        /** AgentPerformance */
        AgentPerformance: {
            /** Agent */
            agent: string;
            /**
             * Bins
             * @description calibration; bins without forecasts are left out
             */
            bins: components["schemas"]["CalibrationBin"][];
            /** Book */
            book: string;
            /**
             * Brier
             * @description mean (q − y)²: 0 is best, 0.25 is what always saying 1/2 earns
             */
            brier: number | null;
            /**
             * Forecasts
             * @description the newest (at most 2,000) that have an answer
             */
            forecasts: number;
            /**
             * Proposals
             * @description the newest 50
             */
            proposals: components["schemas"]["Judged"][];
            /** @description null before the first scored question */
            regret: components["schemas"]["CouncilRegret"] | null;
            /** @description null for a seat without veto */
            vetoes: components["schemas"]["Vetoes"] | null;
        };
        /**
         * Alarm
         * @description One alarm of a trip, until a person has acknowledged it; its breaker may be cleared before or after.
         */
        Alarm: {
            /** Acknowledged At */
            acknowledged_at: string | null;
            /** Acknowledged By */
            acknowledged_by: string;
            /** Acknowledged Why */
            acknowledged_why: string;
            /** Alarm Id */
            alarm_id: string;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Breaker */
            breaker: string;
            /** Cleared At */
            cleared_at: string | null;
            /** Cleared By */
            cleared_by: string;
            /** Cleared Why */
            cleared_why: string;
            /** Effect */
            effect: string;
            /**
             * Formula
             * @description what is compared with what, as it tripped
             */
            formula: string;
            /**
             * Inputs
             * @description the values that the formula was given
             */
            inputs: unknown;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Level */
            level: number;
            /**
             * Raised At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            raised_at: string;
            /** Subject */
            subject: string;
        };
        /** AlarmPage */
        AlarmPage: {
            /**
             * Alarms
             * @description the newest first
             */
            alarms: components["schemas"]["Alarm"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * Asked
         * @description What every list can be asked.
         */
        Asked: {
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
        };
        /** AskedActivity */
        AskedActivity: {
            /** Book */
            book: string;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** AskedInstruments */
        AskedInstruments: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
        };
        /** AskedOfAnAgent */
        AskedOfAnAgent: {
            /**
             * Book
             * @description needed where several books have an agent of that name
             */
            book?: string | null;
            /**
             * To
             * @description as it was known before this time; without it, now
             */
            to?: string | null;
        };
        /** AskedOfTime */
        AskedOfTime: {
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /**
         * Ballot
         * @description One seat's vote on one proposal; a late one did not count.
         */
        Ballot: {
            /** Agent */
            agent: string;
            /** Deliberation Id */
            deliberation_id: string | null;
            /**
             * Event Id
             * Format: uuid
             */
            event_id: string;
            /** Late */
            late: boolean;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Probability
             * @description P(y = 1) at the book's horizon
             */
            probability: number | null;
            /** Proposal Id */
            proposal_id: string;
            /** Reason */
            reason: string;
            /** Size Limit */
            size_limit: string | null;
            /** Stance */
            stance: string;
            /** Veto */
            veto: boolean;
            /**
             * Weight Ppm
             * @description share of the council's mass, in millionths
             */
            weight_ppm: number;
        };
        /**
         * Bar
         * @description What was traded in the `width_s` seconds from `at` on, for lists of it; see `market.domain.bars.Bar`.
         */
        Bar: {
            /** At */
            at: string | null;
            /**
             * At Ns
             * @example 1767225600123456800
             */
            at_ns: number;
            /**
             * Buy Volume
             * @example 0.05
             */
            buy_volume: string;
            /**
             * Close
             * @example 0.05
             */
            close: string;
            /**
             * High
             * @example 0.05
             */
            high: string;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /** Key */
            key: string;
            /**
             * Low
             * @example 0.05
             */
            low: string;
            /**
             * Mark
             * @example 0.05
             */
            mark: string;
            /** Mixed */
            mixed: boolean;
            /**
             * Open
             * @example 0.05
             */
            open: string;
            /** Source */
            source: string;
            /** Trades */
            trades: number;
            /**
             * Turnover
             * @example 0.05
             */
            turnover: string;
            /** Venue */
            venue: string;
            /**
             * Volume
             * @example 0.05
             */
            volume: string;
            /** Width S */
            width_s: number;
        };
        /** BarPage */
        BarPage: {
            /**
             * Bars
             * @description the newest first
             */
            bars: components["schemas"]["Bar"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * Book
         * @description A portfolio's terms, its mode and the source of its prices, as the governance log tells them.
         *     `peak` and `day_open` are what losses are measured from.
         */
        Book: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Day */
            day: string;
            /** Day Open */
            day_open: string | null;
            /** Equity */
            equity: string | null;
            /**
             * Founded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            founded_at: string;
            /** Founded By */
            founded_by: string;
            /** Founded Why */
            founded_why: string;
            /** Instruments */
            instruments: unknown;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Mode */
            mode: string;
            /** Mode At */
            mode_at: string | null;
            /** Mode Who */
            mode_who: string;
            /** Mode Why */
            mode_why: string;
            /** Peak */
            peak: string | null;
            /** Quote */
            quote: string;
            /** Source */
            source: string;
            /** Source At */
            source_at: string | null;
            /** Source Why */
            source_why: string;
            /** Terms */
            terms: unknown;
        };
        /**
         * BookAsOf
         * @description A book at a time; amounts are decimal strings, null where an instrument that was held had no price.
         */
        BookAsOf: {
            /** Alarms */
            alarms: {
                [key: string]: unknown;
            }[];
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Book */
            book: string;
            /** Changes */
            changes: {
                [key: string]: unknown;
            }[];
            /** Council */
            council: {
                [key: string]: unknown;
            }[];
            /** Holds */
            holds: {
                [key: string]: unknown;
            }[];
            /** Instruments */
            instruments: {
                [key: string]: unknown;
            }[];
            /** Latched */
            latched: {
                [key: string]: string[];
            };
            /** Mode */
            mode: {
                [key: string]: unknown;
            };
            /** Money */
            money: {
                [key: string]: unknown;
            };
            /** Orders */
            orders: {
                [key: string]: unknown;
            }[];
            /** Positions */
            positions: {
                [key: string]: unknown;
            }[];
            /** Positions In Log */
            positions_in_log: {
                [key: string]: number;
            };
            /** Restricted */
            restricted: {
                [key: string]: unknown;
            };
            /** Rulebook Version */
            rulebook_version: number;
            /** Rules */
            rules: {
                [key: string]: unknown;
            }[];
            /** Source */
            source: string | null;
            /** Suspended */
            suspended: {
                [key: string]: string[];
            };
            /** Terms */
            terms: {
                [key: string]: unknown;
            };
            /** Untradable */
            untradable: {
                [key: string]: string;
            };
        };
        /** BookPage */
        BookPage: {
            /**
             * Books
             * @description in order
             */
            books: components["schemas"]["Book"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /** BookWhole */
        BookWhole: {
            /** @description its money; null before it was opened */
            account: components["schemas"]["Account"] | null;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Day */
            day: string;
            /** Day Open */
            day_open: string | null;
            /** Equity */
            equity: string | null;
            /**
             * Founded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            founded_at: string;
            /** Founded By */
            founded_by: string;
            /** Founded Why */
            founded_why: string;
            /** @description the mode that its orders meet now */
            gate: components["schemas"]["GateShape"];
            /** Instruments */
            instruments: unknown;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Mode */
            mode: string;
            /** Mode At */
            mode_at: string | null;
            /** Mode Who */
            mode_who: string;
            /** Mode Why */
            mode_why: string;
            /** Peak */
            peak: string | null;
            /** Quote */
            quote: string;
            /** Source */
            source: string;
            /** Source At */
            source_at: string | null;
            /** Source Why */
            source_why: string;
            /** Terms */
            terms: unknown;
        };
        /**
         * BreakerBody
         * @description `subject`: the book, an instrument, or agent:instrument.
         */
        BreakerBody: {
            /** @enum {unknown} */
            breaker: "daily_loss" | "drawdown" | "identity" | "reconciliation" | "reject_rate" | "repeated_execution" | "stale_feed";
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
            subject: string;
        };
        /**
         * BreakerState
         * @description A breaker on its subject: how far it was when it last spoke, and what it does.
         */
        BreakerState: {
            /** Alarm Id */
            alarm_id: string;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Breaker */
            breaker: string;
            /**
             * Breaker Id
             * Format: uuid
             */
            breaker_id: string;
            /**
             * Changed At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            changed_at: string;
            /** Effect */
            effect: string;
            /**
             * Formula
             * @description what is compared with what, as it tripped
             */
            formula: string;
            /**
             * Inputs
             * @description the values that the formula was given
             */
            inputs: unknown;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Level */
            level: number;
            /**
             * State
             * @description where it stands now
             */
            state: string;
            /** Subject */
            subject: string;
            /**
             * Who
             * @description who did it: operator:NAME, an agent, governor, …
             */
            who: string;
            /**
             * Why
             * @description the reason that was given
             */
            why: string;
        };
        /** BreakerStatePage */
        BreakerStatePage: {
            /**
             * Breakers
             * @description in order
             */
            breakers: components["schemas"]["BreakerState"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * CalibrationBin
         * @description The forecasts from `low` to below `high` (the last bin: 1 included).
         */
        CalibrationBin: {
            /**
             * Count
             * @description forecasts in it that have an answer
             */
            count: number;
            /**
             * Forecast
             * @description their mean
             */
            forecast: number;
            /**
             * Frequency
             * @description share of them with y = 1
             */
            frequency: number;
            /** High */
            high: number;
            /**
             * Interval
             * @description 95 % score interval of the frequency (Wilson)
             */
            interval: [
                number,
                number
            ];
            /** Low */
            low: number;
        };
        /**
         * CashBody
         * @description A deposit (above 0) or a withdrawal (below 0), in the book's quote currency.
         */
        CashBody: {
            /** Format: decimal */
            amount: string;
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
        };
        /**
         * ChangeBody
         * @description A change, and over how many of the last decisions a change of rules or parameters is tried before.
         */
        ChangeBody: {
            change: components["schemas"]["ActivateRule"] | components["schemas"]["RetireRule"] | components["schemas"]["SetTerm"] | components["schemas"]["Restrict"] | components["schemas"]["Unrestrict"] | components["schemas"]["GrantSeat"] | components["schemas"]["SuspendSeat"] | components["schemas"]["ReinstateSeat"] | components["schemas"]["IssueSeatKey"] | components["schemas"]["RevokeSeatKey"] | components["schemas"]["AdjustReputation"];
            /** @default 200 */
            last: number;
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
        };
        /**
         * ChangeRequest
         * @description A change of a book that somebody asked for. `status`: requested, approved (its timelock runs until `enacts_at`),
         *     enacted or refused.
         */
        ChangeRequest: {
            /**
             * Aggregate Id
             * Format: uuid
             */
            aggregate_id: string;
            /** Approved By */
            approved_by: string;
            /** Approved Why */
            approved_why: string;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Change */
            change: unknown;
            /** Change Id */
            change_id: string;
            /** Closed At */
            closed_at: string | null;
            /** Enacts At */
            enacts_at: string | null;
            /** Kind */
            kind: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Loosens */
            loosens: boolean;
            /** Preview */
            preview: unknown;
            /** Refused By */
            refused_by: string;
            /** Refused Why */
            refused_why: string;
            /**
             * Requested At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            requested_at: string;
            /**
             * Status
             * @description where it stands now
             */
            status: string;
            /** Subject */
            subject: string;
            /**
             * Who
             * @description who did it: operator:NAME, an agent, governor, …
             */
            who: string;
            /**
             * Why
             * @description the reason that was given
             */
            why: string;
            /** Why Loosens */
            why_loosens: string;
        };
        /** ChangeRequestPage */
        ChangeRequestPage: {
            /**
             * Changes
             * @description the newest first
             */
            changes: components["schemas"]["ChangeRequest"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * Checkpoints
         * @description Signed checkpoints in order, each as `docs/verify_offline.py` reads it, and the public key (PEM).
         */
        Checkpoints: {
            /** Checkpoints */
            checkpoints: {
                [key: string]: unknown;
            }[];
            /** Public Key */
            public_key: string;
        };
        /** ClauseActivity */
        ClauseActivity: {
            /**
             * Asked
             * @description orders that it was asked about
             */
            asked: number;
            /** Clause */
            clause: string;
            /**
             * Failed
             * @description of these: it could not be evaluated
             */
            failed: number;
            /** @description where it tripped last, in shadow or not */
            last: components["schemas"]["Trip"] | null;
            /**
             * Near
             * @description orders that it let pass with at least 9/10 of the way to its limit used
             */
            near: number;
            /** @description null where the clause is not one comparison of two numbers */
            nearest: components["schemas"]["Nearest"] | null;
            /**
             * Tripped
             * @description orders that it denied, cut, held or warned about, by the effect of its rule
             */
            tripped: number;
            /**
             * Would Have
             * @description orders that it would have tripped on, had its rule not been in shadow
             */
            would_have: number;
        };
        /**
         * CommandState
         * @description Where a command stands. `waiting`: it is kept, and will be sent when relay and governor run.
         */
        CommandState: {
            /** Actor */
            actor: string;
            /** Book */
            book: string;
            /**
             * Code
             * @description why it was refused; empty otherwise
             * @example UNKNOWN_ORDER
             */
            code: string;
            /** Command Id */
            command_id: string;
            /**
             * Kind
             * @example CancelOrder
             */
            kind: string;
            /**
             * Sent At
             * Format: date-time
             * @description ISO 8601, UTC
             * @example 2026-01-31T09:00:00.123456Z
             */
            sent_at: string;
            /**
             * Sent At Ns
             * @description nanoseconds since 1970, UTC
             * @example 1767225600123456800
             */
            sent_at_ns: number;
            /**
             * State
             * @enum {string}
             */
            state: "waiting" | "accepted" | "refused";
            /**
             * Words
             * @description the same for people
             */
            words: string;
        };
        /**
         * Conditions
         * @description All conditions hold together.
         */
        Conditions: {
            /**
             * Actor
             * @description who caused it: an agent, operator:NAME, executor, …
             */
            actor?: string | null;
            /**
             * After
             * @description only positions after this one
             */
            after?: number | null;
            /**
             * Aggregate
             * @description kind (Book, Order, …) or id of the aggregate
             */
            aggregate?: string | null;
            /** Book */
            book?: string | null;
            /**
             * Command
             * @description all that this command led to
             */
            command?: string | null;
            /**
             * Correlation
             * @description all that this root (usually a tick) set off
             */
            correlation?: string | null;
            /**
             * Event
             * @description names of events, e.g. OrderFilled; may be given several times
             * @default []
             */
            event: string[];
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Log
             * @description only this log
             */
            log?: ("governance" | "execution") | null;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /**
         * CouncilRegret
         * @description The council against the best committee of 1/κ owners in hindsight, in bucket means summed over `buckets`.
         */
        CouncilRegret: {
            /**
             * Agents
             * @description regret against each agent alone; null where a cap holds
             */
            agents: {
                [key: string]: number;
            } | null;
            /**
             * Bound
             * @description G3: the regret is guaranteed to stay below it
             */
            bound: number;
            /** Buckets */
            buckets: number;
            /**
             * Committee
             * @description the best committee: its agents with their shares
             */
            committee: {
                [key: string]: number;
            };
            /** Committee Loss */
            committee_loss: number;
            /**
             * Council
             * @description loss of the council
             */
            council: number;
            /**
             * Forecast
             * @description loss of the weighted mean of the forecasts
             */
            forecast: number;
            /**
             * Regret
             * @description council − committee_loss
             */
            regret: number;
        };
        /**
         * Decision
         * @description The outcome of a round: the orders that it grants, and a reason for every proposal that lost. `held`: an operator
         *     was asked first.
         */
        Decision: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /**
             * Decided At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            decided_at: string;
            /** Decision Id */
            decision_id: string;
            /** Deliberation Id */
            deliberation_id: string | null;
            /**
             * Event Id
             * Format: uuid
             */
            event_id: string;
            /** Held */
            held: boolean;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Orders
             * @description the orders that were granted; amounts are decimal strings
             */
            orders: unknown;
            /** Outcome */
            outcome: string;
            /** Reasons */
            reasons: unknown;
            /** Track */
            track: string;
            /** Trigger Received At */
            trigger_received_at: string | null;
            /**
             * Trigger Received At Ns
             * @example 1767225600123456800
             */
            trigger_received_at_ns: number;
            /** Trigger Tick */
            trigger_tick: string;
            /** Ttl Ms */
            ttl_ms: number;
        };
        /** DecisionPage */
        DecisionPage: {
            /**
             * Decisions
             * @description the newest first
             */
            decisions: components["schemas"]["Decision"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /** DecisionWhole */
        DecisionWhole: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /**
             * Decided At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            decided_at: string;
            /** Decision Id */
            decision_id: string;
            /** Deliberation Id */
            deliberation_id: string | null;
            /**
             * Event Id
             * Format: uuid
             */
            event_id: string;
            /**
             * Fills
             * @description what was executed
             */
            fills: components["schemas"]["Fill"][];
            /** Held */
            held: boolean;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Orders
             * @description the orders that were granted; amounts are decimal strings
             */
            orders: unknown;
            /** Outcome */
            outcome: string;
            /**
             * Placed
             * @description its orders, as they stand now
             */
            placed: components["schemas"]["Order"][];
            /** Reasons */
            reasons: unknown;
            /** Track */
            track: string;
            /** Trigger Received At */
            trigger_received_at: string | null;
            /**
             * Trigger Received At Ns
             * @example 1767225600123456800
             */
            trigger_received_at_ns: number;
            /** Trigger Tick */
            trigger_tick: string;
            /** Ttl Ms */
            ttl_ms: number;
        };
        /**
         * Deliberation
         * @description A round, from its opening to its end; `rulebook_version` is the one at its opening. What rules found stays in the
         *     ledger (`governance.evaluations`): it is most of a round, and is looked at for one round at a time.
         */
        Deliberation: {
            /**
             * Aggregate Id
             * Format: uuid
             */
            aggregate_id: string;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Close Reason */
            close_reason: string;
            /** Closed At */
            closed_at: string | null;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /**
             * Deadline
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            deadline: string;
            /** Deliberation Id */
            deliberation_id: string | null;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Market */
            market: unknown;
            /**
             * Opened At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            opened_at: string;
            /** Outcome */
            outcome: string;
            /**
             * Recorded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            recorded_at: string;
            /** Rulebook Version */
            rulebook_version: number;
            /** Targets */
            targets: unknown;
            /** Total Ppm */
            total_ppm: number;
            /** Track */
            track: string;
            /** Weights Version */
            weights_version: string;
        };
        /** DeliberationPage */
        DeliberationPage: {
            /**
             * Deliberations
             * @description the newest first
             */
            deliberations: components["schemas"]["Deliberation"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /** DeliberationWhole */
        DeliberationWhole: {
            /**
             * Aggregate Id
             * Format: uuid
             */
            aggregate_id: string;
            /**
             * Ballots
             * @description who voted how
             */
            ballots: components["schemas"]["Ballot"][];
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Close Reason */
            close_reason: string;
            /** Closed At */
            closed_at: string | null;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /**
             * Deadline
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            deadline: string;
            /** Deliberation Id */
            deliberation_id: string | null;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Market */
            market: unknown;
            /**
             * Opened At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            opened_at: string;
            /** Outcome */
            outcome: string;
            /**
             * Proposals
             * @description what was proposed
             */
            proposals: components["schemas"]["Proposal"][];
            /**
             * Recorded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            recorded_at: string;
            /** Rulebook Version */
            rulebook_version: number;
            /** Targets */
            targets: unknown;
            /** Total Ppm */
            total_ppm: number;
            /**
             * Traces
             * @description what the rules found: every clause with the facts it read
             */
            traces: {
                [key: string]: unknown;
            }[];
            /** Track */
            track: string;
            /** Weights Version */
            weights_version: string;
        };
        /** FeedAnswer */
        FeedAnswer: {
            /** Done */
            done: boolean;
            /**
             * Text
             * @description what the feed says
             */
            text: string;
        };
        /**
         * Fill
         * @description One execution of an order at a venue. `fee` is its value in quote, `fee_base` the part that was taken in base.
         */
        Fill: {
            /**
             * After Halt
             * @description filled after a halt that the order could not be stopped by
             */
            after_halt: boolean;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /** Decision Id */
            decision_id: string;
            /**
             * Event Id
             * Format: uuid
             */
            event_id: string;
            /**
             * Fee
             * @example 0.05
             */
            fee: string;
            /**
             * Fee Base
             * @example 0.05
             */
            fee_base: string;
            /**
             * Filled At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            filled_at: string;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Liquidity */
            liquidity: string;
            /** Order Id */
            order_id: string;
            /**
             * Price
             * @example 0.05
             */
            price: string;
            /**
             * Quantity
             * @example 0.05
             */
            quantity: string;
            /** Received At */
            received_at: string | null;
            /**
             * Received At Ns
             * @example 1767225600123456800
             */
            received_at_ns: number;
            /** Side */
            side: string;
            /**
             * Tick Id
             * @description the tick that the price came from
             */
            tick_id: string;
            /** Trade Id */
            trade_id: string;
            /** Venue */
            venue: string;
        };
        /** FillPage */
        FillPage: {
            /**
             * Fills
             * @description the newest first
             */
            fills: components["schemas"]["Fill"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * FlattenBody
         * @description Without an instrument it is everything that the book holds.
         */
        FlattenBody: {
            /** @default null */
            instrument: string | null;
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
        };
        /**
         * GateShape
         * @description Whether the book may trade: the strictest of its own gate and that of all books ("*").
         */
        GateShape: {
            /** At */
            at: string | null;
            /** Book */
            book: string;
            /**
             * Mode
             * @enum {string}
             */
            mode: "NORMAL" | "REDUCE_ONLY" | "HALTED";
            /** Who */
            who: string;
            /** Why */
            why: string;
        };
        /**
         * GrantSeat
         * @description A newcomer: with mass it votes in shadow first; a rule seat is declared by its signals.
         */
        GrantSeat: {
            agent: string;
            /** @enum {unknown} */
            kind: "GrantSeat";
            owner: string;
            /** @default false */
            required: boolean;
            /** @enum {unknown} */
            role: "anomaly" | "compliance" | "risk" | "rule" | "strategy";
            /** @default [] */
            signals: components["schemas"]["SignalRule"][];
            /** @default false */
            veto: boolean;
        };
        /**
         * Hold
         * @description A decision that rules held for an operator. `status`: held, released, refused, lapsed, or ended where the
         *     decision came without an operator and before its time (a halt).
         */
        Hold: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Decision Id */
            decision_id: string;
            /** Deliberation Id */
            deliberation_id: string | null;
            /** Ended At */
            ended_at: string | null;
            /** Held */
            held: unknown;
            /**
             * Held At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            held_at: string;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Orders
             * @description the orders that were granted; amounts are decimal strings
             */
            orders: unknown;
            /** Outcome */
            outcome: string;
            /** Rules */
            rules: unknown;
            /**
             * Status
             * @description where it stands now
             */
            status: string;
            /** Track */
            track: string;
            /**
             * Until
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            until: string;
            /**
             * Who
             * @description who did it: operator:NAME, an agent, governor, …
             */
            who: string;
            /**
             * Why
             * @description the reason that was given
             */
            why: string;
        };
        /** HoldPage */
        HoldPage: {
            /**
             * Holds
             * @description the newest first
             */
            holds: components["schemas"]["Hold"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * Instrument
         * @description An instrument that a book lists: its terms there, and what stands in the way of trading it.
         */
        Instrument: {
            /** Book */
            book: string;
            /** Instrument */
            instrument: string;
            /** @description null where nothing ever stood in the way */
            state: components["schemas"]["InstrumentState"] | null;
            /**
             * Terms
             * @description lot size, limits, fees, …: amounts are decimal strings
             */
            terms: {
                [key: string]: unknown;
            };
        };
        /** InstrumentBody */
        InstrumentBody: {
            instrument: string;
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
        };
        /**
         * InstrumentState
         * @description What stands in the way of trading one instrument: a suspension, a restriction (market clock, ns), its venue.
         *     `causes` are all that suspend it, by who did it; of several the newest is told in the fields before.
         */
        InstrumentState: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Causes */
            causes: unknown;
            /**
             * Formula
             * @description what is compared with what, as it tripped
             */
            formula: string;
            /**
             * Inputs
             * @description the values that the formula was given
             */
            inputs: unknown;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Instrument Id
             * Format: uuid
             */
            instrument_id: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Restricted */
            restricted: string;
            /** Restricted By */
            restricted_by: string;
            /** Restricted Since */
            restricted_since: string | null;
            /** Restricted Since Ns */
            restricted_since_ns: number | null;
            /** Restricted Until */
            restricted_until: string | null;
            /** Restricted Until Ns */
            restricted_until_ns: number | null;
            /** Restricted Why */
            restricted_why: string;
            /** Suspended */
            suspended: boolean;
            /** Suspended At */
            suspended_at: string | null;
            /** Suspended By */
            suspended_by: string;
            /** Suspended Why */
            suspended_why: string;
            /** Tradable */
            tradable: boolean;
            /** Venue Status */
            venue_status: string;
        };
        /** InstrumentsPage */
        InstrumentsPage: {
            /** Instruments */
            instruments: components["schemas"]["Instrument"][];
            /** Next */
            next: string | null;
        };
        /**
         * IssueSeatKey
         * @description The seat's next key: the house's own, or that of the party that holds `public`. The one before counts no more.
         */
        IssueSeatKey: {
            agent: string;
            /** @enum {unknown} */
            kind: "IssueSeatKey";
            /** @default  */
            public: string;
        };
        /**
         * Judged
         * @description A proposal, what became of it, and what the market made of its question.
         */
        Judged: {
            /** Action */
            action: string;
            /** Answered */
            answered: boolean;
            /**
             * At
             * Format: date-time
             * @description ISO 8601, UTC
             * @example 2026-01-31T09:00:00.123456Z
             */
            at: string;
            /** By */
            by: string;
            /** Decision Id */
            decision_id: string | null;
            /** Deliberation Id */
            deliberation_id: string | null;
            /** Detail */
            detail: string;
            /**
             * Gain
             * @description side·return − cost; null while it is not known, or VOID
             */
            gain: number | null;
            /** Held */
            held: string | null;
            /** Instrument */
            instrument: string;
            /** Probability */
            probability: number | null;
            /** Proposal Id */
            proposal_id: string;
            /** Reason */
            reason: string;
            /** State */
            state: string;
            /**
             * Target
             * @description an exact decimal number
             * @example 0.05
             */
            target: string;
            /** Why */
            why: string;
            /**
             * Y
             * @description null while it is not known, or VOID
             */
            y: boolean | null;
        };
        /**
         * LedgerPage
         * @description `next` is the cursor of the following page, null on the last one.
         */
        LedgerPage: {
            /** Events */
            events: components["schemas"]["LedgerRow"][];
            /** Next */
            next: string | null;
        };
        /**
         * LedgerRow
         * @description A row of the view `ledger`; hashes in hexadecimal digits.
         */
        LedgerRow: {
            /** Actor */
            actor: string;
            /** Aggregate */
            aggregate: string;
            /**
             * Aggregate Id
             * Format: uuid
             */
            aggregate_id: string;
            /** Book */
            book: string;
            /** Causation Id */
            causation_id: string;
            /** Command Id */
            command_id: string | null;
            /** Correlation Id */
            correlation_id: string;
            /** Event */
            event: string;
            /**
             * Event Id
             * Format: uuid
             */
            event_id: string;
            /** Hash */
            hash: string;
            /** Log */
            log: string;
            /** Partition */
            partition: number;
            /** Payload */
            payload: {
                [key: string]: unknown;
            };
            /** Position */
            position: number;
            /** Prev Hash */
            prev_hash: string;
            /**
             * Recorded At
             * Format: date-time
             */
            recorded_at: string;
            /** Version */
            version: number;
        };
        /**
         * Leg
         * @description A further leg of a trade: all legs are granted, or none.
         */
        Leg: {
            instrument: string;
            /** Format: decimal */
            price: string;
            /** Format: decimal */
            target: string;
        };
        /**
         * Letter
         * @description A message that was refused; `raw` is base64 of its bytes as they came.
         */
        Letter: {
            /** At */
            at: string | null;
            /** At Ns */
            at_ns: number | null;
            /** Code */
            code: string;
            /** Detail */
            detail: string;
            /** Entry Id */
            entry_id: string;
            /** Id */
            id: string;
            /** Origin */
            origin: string;
            /** Raw */
            raw: string;
            /** Stream */
            stream: string;
        };
        /** LettersPage */
        LettersPage: {
            /** Letters */
            letters: components["schemas"]["Letter"][];
            /** Next */
            next: string | null;
        };
        /**
         * Nearest
         * @description The nearest that it came to its limit without tripping.
         */
        Nearest: {
            /**
             * At
             * Format: date-time
             * @description ISO 8601, UTC
             * @example 2026-01-31T09:00:00.123456Z
             */
            at: string;
            /** Decision Id */
            decision_id: string | null;
            /** Deliberation Id */
            deliberation_id: string | null;
            /** Limit */
            limit: number;
            /** Measured */
            measured: number;
            /**
             * Used
             * @description part of the way to the limit: 1 is where it turns
             */
            used: number;
        };
        /**
         * Order
         * @description An order from its acceptance to its one final state, with its fills summed. `state`: accepted (on its way to
         *     paper), sent (on its way to a real venue), working (in the venue's book), partially_filled, then filled, cancelled,
         *     rejected or expired for good.
         */
        Order: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Client Order Id */
            client_order_id: string;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /** Decision Id */
            decision_id: string;
            /** Detail */
            detail: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Fee
             * @example 0.05
             */
            fee: string;
            /**
             * Filled
             * @example 0.05
             */
            filled: string;
            /** Finished At */
            finished_at: string | null;
            /** Group */
            group: string;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Limit */
            limit: string | null;
            /** Order Id */
            order_id: string;
            /** Quantity */
            quantity: string | null;
            /** Reason */
            reason: string;
            /**
             * Recorded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            recorded_at: string;
            /** Reduce Only */
            reduce_only: boolean;
            /** Side */
            side: string;
            /**
             * State
             * @description where it stands now
             */
            state: string;
            /** Time In Force */
            time_in_force: string;
            /** Type */
            type: string;
            /**
             * Value
             * @example 0.05
             */
            value: string;
            /** Venue */
            venue: string;
            /** Venue Order Id */
            venue_order_id: string;
        };
        /** OrderPage */
        OrderPage: {
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
            /**
             * Orders
             * @description the newest first
             */
            orders: components["schemas"]["Order"][];
        };
        /** OrderWhole */
        OrderWhole: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Client Order Id */
            client_order_id: string;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /** Decision Id */
            decision_id: string;
            /** Detail */
            detail: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Fee
             * @example 0.05
             */
            fee: string;
            /**
             * Filled
             * @example 0.05
             */
            filled: string;
            /**
             * Fills
             * @description what was executed
             */
            fills: components["schemas"]["Fill"][];
            /** Finished At */
            finished_at: string | null;
            /** Group */
            group: string;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Limit */
            limit: string | null;
            /** Order Id */
            order_id: string;
            /** Quantity */
            quantity: string | null;
            /** Reason */
            reason: string;
            /**
             * Recorded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            recorded_at: string;
            /** Reduce Only */
            reduce_only: boolean;
            /** Side */
            side: string;
            /**
             * State
             * @description where it stands now
             */
            state: string;
            /** Time In Force */
            time_in_force: string;
            /** Type */
            type: string;
            /**
             * Value
             * @example 0.05
             */
            value: string;
            /** Venue */
            venue: string;
            /** Venue Order Id */
            venue_order_id: string;
        };
        /**
         * Outcome
         * @description What the market made of one question of one round; `y` is null where it is VOID.
         */
        Outcome: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Bucket */
            bucket: number;
            /** Deliberation Id */
            deliberation_id: string | null;
            /** Gain */
            gain: number | null;
            /** Horizon S */
            horizon_s: number;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Legs
             * @description further legs of an all-or-none trade
             */
            legs: unknown;
            /**
             * Outcome Id
             * Format: uuid
             */
            outcome_id: string;
            /** Question */
            question: string;
            /**
             * Recorded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            recorded_at: string;
            /** Y */
            y: boolean | null;
        };
        /** OutcomePage */
        OutcomePage: {
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
            /**
             * Outcomes
             * @description the newest first
             */
            outcomes: components["schemas"]["Outcome"][];
        };
        /** Paged */
        Paged: {
            /**
             * Actor
             * @description who caused it: an agent, operator:NAME, executor, …
             */
            actor?: string | null;
            /**
             * After
             * @description only positions after this one
             */
            after?: number | null;
            /**
             * Aggregate
             * @description kind (Book, Order, …) or id of the aggregate
             */
            aggregate?: string | null;
            /** Book */
            book?: string | null;
            /**
             * Command
             * @description all that this command led to
             */
            command?: string | null;
            /**
             * Correlation
             * @description all that this root (usually a tick) set off
             */
            correlation?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Event
             * @description names of events, e.g. OrderFilled; may be given several times
             * @default []
             */
            event: string[];
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Limit
             * @default 100
             */
            limit: number;
            /**
             * Log
             * @description only this log
             */
            log?: ("governance" | "execution") | null;
            /**
             * Newest
             * @description the newest first
             * @default false
             */
            newest: boolean;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /**
         * Person
         * @description The account that a session or a token stands for.
         */
        Person: {
            /**
             * Books
             * @description all books, the one founded first first
             */
            books: string[];
            /**
             * Explores
             * @description whether it may read the ledger, explanations and the past
             */
            explores: boolean;
            /** Person */
            person: string;
            /**
             * Topics
             * @description topics of the live socket that it may subscribe to
             */
            topics: string[];
        };
        /**
         * Position
         * @description What a book holds of an instrument, at which average cost.
         */
        Position: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /**
             * Changed At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            changed_at: string;
            /**
             * Cost
             * @example 0.05
             */
            cost: string;
            /**
             * Fees
             * @example 0.05
             */
            fees: string;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Position Id
             * Format: uuid
             */
            position_id: string;
            /**
             * Quantity
             * @example 0.05
             */
            quantity: string;
            /**
             * Realised
             * @example 0.05
             */
            realised: string;
        };
        /** PositionPage */
        PositionPage: {
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
            /**
             * Positions
             * @description in order
             */
            positions: components["schemas"]["Position"][];
        };
        /**
         * ProblemBody
         * @description RFC 9457.
         * @example {
         *       "detail": "there is no book 'dmeo'",
         *       "status": 404,
         *       "title": "Not Found",
         *       "type": "about:blank"
         *     }
         */
        ProblemBody: {
            /** Detail */
            detail: string;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /** Type */
            type: string;
        };
        /**
         * Process
         * @description What a process said last; `state` is `unheard` where it has said nothing for 5 s.
         */
        Process: {
            /** At */
            at: string | null;
            /** At Ns */
            at_ns: number | null;
            /** Name */
            name: string;
            /**
             * Report
             * @description counters, gauges, positions, latency in ms
             */
            report: {
                [key: string]: unknown;
            } | null;
            /** State */
            state: string;
        };
        /** Processes */
        Processes: {
            /** Processes */
            processes: components["schemas"]["Process"][];
        };
        /**
         * Proposal
         * @description What an agent proposed, how the council tallied it and what became of it.
         */
        Proposal: {
            /** Action */
            action: string;
            /** Agent */
            agent: string;
            /** Amends */
            amends: string;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** By */
            by: string;
            /**
             * Correlation Id
             * @description what started it all, usually a tick
             */
            correlation_id: string;
            /** Deliberation Id */
            deliberation_id: string | null;
            /** Detail */
            detail: string;
            /** Evidence */
            evidence: unknown;
            /** Forecast */
            forecast: number | null;
            /** Held */
            held: string | null;
            /**
             * Instrument
             * @description symbol, e.g. BTCUSDT
             */
            instrument: string;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /**
             * Legs
             * @description further legs of an all-or-none trade
             */
            legs: unknown;
            /** Market */
            market: unknown;
            /** Missing Ppm */
            missing_ppm: number | null;
            /** No Ppm */
            no_ppm: number | null;
            /** Price */
            price: string | null;
            /**
             * Probability
             * @description P(y = 1) at the book's horizon
             */
            probability: number | null;
            /** Proposal Id */
            proposal_id: string;
            /** Reason */
            reason: string;
            /**
             * Recorded At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            recorded_at: string;
            /**
             * State
             * @description where it stands now
             */
            state: string;
            /** Tally */
            tally: string;
            /** Tally By */
            tally_by: string;
            /** Tally Reason */
            tally_reason: string;
            /**
             * Target
             * @example 0.05
             */
            target: string;
            /** Total Ppm */
            total_ppm: number | null;
            /** Ttl Ms */
            ttl_ms: number | null;
            /**
             * Why
             * @description the reason that was given
             */
            why: string;
            /** Yes Ppm */
            yes_ppm: number | null;
        };
        /**
         * ProposalBody
         * @description `agent` is the seat that proposes; it stands in the ledger as the actor.
         */
        ProposalBody: {
            agent: string;
            proposal: components["schemas"]["SubmitProposal"];
        };
        /** ProposalPage */
        ProposalPage: {
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
            /**
             * Proposals
             * @description the newest first
             */
            proposals: components["schemas"]["Proposal"][];
        };
        /**
         * ReasonBody
         * @description Every command has a reason: it is kept in the ledger.
         */
        ReasonBody: {
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
        };
        /** ReinstateSeat */
        ReinstateSeat: {
            agent: string;
            /** @enum {unknown} */
            kind: "ReinstateSeat";
        };
        /**
         * Restrict
         * @description Puts an instrument on the restricted list, from and to on the market clock (ns); `hard`: not even reductions.
         */
        Restrict: {
            /** @default false */
            hard: boolean;
            instrument: string;
            /** @enum {unknown} */
            kind: "Restrict";
            /** @default 0 */
            since: number;
            /** @default null */
            until: number | null;
        };
        /** RetireRule */
        RetireRule: {
            /** @enum {unknown} */
            kind: "RetireRule";
            rule: string;
        };
        /**
         * RevokeSeatKey
         * @description Nothing that the seat says is taken until it has another key.
         */
        RevokeSeatKey: {
            agent: string;
            /** @enum {unknown} */
            kind: "RevokeSeatKey";
        };
        /**
         * Rule
         * @description A rule of a book's rulebook in its current version.
         */
        Rule: {
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /**
             * Changed At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            changed_at: string;
            /** Clauses */
            clauses: unknown;
            /** Clip To */
            clip_to: string;
            /** Effect */
            effect: string;
            /** Examples */
            examples: unknown;
            /** Exempt Risk Reducing */
            exempt_risk_reducing: boolean;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Rule */
            rule: string;
            /**
             * Rule Id
             * Format: uuid
             */
            rule_id: string;
            /** Shadow */
            shadow: boolean;
            /**
             * Status
             * @description where it stands now
             */
            status: string;
            /** Title */
            title: string;
            /** Version */
            version: number;
            /**
             * Who
             * @description who did it: operator:NAME, an agent, governor, …
             */
            who: string;
            /**
             * Why
             * @description the reason that was given
             */
            why: string;
        };
        /** RuleActivity */
        RuleActivity: {
            /** Clauses */
            clauses: components["schemas"]["ClauseActivity"][];
            /**
             * Exempt
             * @description orders that it was not asked about, because they shrink the risk
             */
            exempt: number;
            /** Rule */
            rule: string;
        };
        /**
         * RuleClause
         * @description A named CEL expression that must be exactly true.
         */
        RuleClause: {
            cel: string;
            name: string;
        };
        /**
         * RuleExample
         * @description Facts laid over those of a sound order on a calm market, and what the rule says of them.
         */
        RuleExample: {
            facts: {
                [key: string]: boolean | number | string;
            };
            name: string;
            /** @enum {unknown} */
            verdict: "breaches" | "exempt" | "passes";
        };
        /** RulePage */
        RulePage: {
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
            /**
             * Rules
             * @description in order
             */
            rules: components["schemas"]["Rule"][];
        };
        /**
         * RuleVersion
         * @description Every version of every rule, with who activated it and why.
         */
        RuleVersion: {
            /**
             * Activated At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            activated_at: string;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Clauses */
            clauses: unknown;
            /** Clip To */
            clip_to: string;
            /** Effect */
            effect: string;
            /** Examples */
            examples: unknown;
            /** Exempt Risk Reducing */
            exempt_risk_reducing: boolean;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Rule */
            rule: string;
            /** Shadow */
            shadow: boolean;
            /** Title */
            title: string;
            /** Version */
            version: number;
            /**
             * Version Id
             * Format: uuid
             */
            version_id: string;
            /**
             * Who
             * @description who did it: operator:NAME, an agent, governor, …
             */
            who: string;
            /**
             * Why
             * @description the reason that was given
             */
            why: string;
        };
        /** RuleVersionPage */
        RuleVersionPage: {
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
            /**
             * Versions
             * @description the newest first
             */
            versions: components["schemas"]["RuleVersion"][];
        };
        /**
         * Seat
         * @description An agent's place in the council of a book: the mass it was last given (ppm), whether it is seated, in shadow or
         *     suspended (and by whom), and until when it may not propose. `events` counts its scored forecasts,
         *     `edited_position` is where in the log somebody last set its weight by hand, `key_public` the Ed25519 key of the
         *     party that holds it, "" where it signs with a key of the house.
         */
        Seat: {
            /** Agent */
            agent: string;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /**
             * Changed At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            changed_at: string;
            /** Edited Position */
            edited_position: number;
            /** Events */
            events: number;
            /** Key Number */
            key_number: number;
            /** Key Public */
            key_public: string;
            /** Key Revoked */
            key_revoked: boolean;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Owner */
            owner: string;
            /** Paused Until */
            paused_until: string | null;
            /**
             * Prior Ppm
             * @description share of the mass at the grant, in millionths
             */
            prior_ppm: number;
            /** Required */
            required: boolean;
            /** Role */
            role: string;
            /**
             * Seat Id
             * Format: uuid
             */
            seat_id: string;
            /** Shadow */
            shadow: boolean;
            /** Signals */
            signals: unknown;
            /**
             * Status
             * @description where it stands now
             */
            status: string;
            /** Strikes */
            strikes: number;
            /** Suspended By */
            suspended_by: unknown;
            /** Veto */
            veto: boolean;
            /**
             * Weight Ppm
             * @description share of the council's mass, in millionths
             */
            weight_ppm: number;
            /**
             * Who
             * @description who did it: operator:NAME, an agent, governor, …
             */
            who: string;
            /**
             * Why
             * @description the reason that was given
             */
            why: string;
        };
        /** SeatPage */
        SeatPage: {
            /**
             * Agents
             * @description in order
             */
            agents: components["schemas"]["Seat"][];
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
        };
        /**
         * SeatWeight
         * @description One seat in one scored bucket: what it forecast, what it lost, its weight in that copy before and after.
         */
        SeatWeight: {
            /** After */
            after: number;
            /** Agent */
            agent: string;
            /** Before */
            before: number;
            /**
             * Book
             * @description the book it belongs to
             */
            book: string;
            /** Brier */
            brier: number | null;
            /** Bucket */
            bucket: number;
            /** Copy */
            copy: number;
            /** Forecasts */
            forecasts: number;
            /**
             * Ledger Position
             * @description position of the last event that touched the row, in its log
             */
            ledger_position: number;
            /** Loss */
            loss: number;
            /** Ppm */
            ppm: number;
            /** Questions */
            questions: number;
            /**
             * Scored At
             * Format: date-time
             * @example 2026-01-31T09:00:00.123456Z
             */
            scored_at: string;
            /**
             * Weight Id
             * Format: uuid
             */
            weight_id: string;
        };
        /** SeatWeightPage */
        SeatWeightPage: {
            /**
             * Next
             * @description cursor of the following page, null on the last one
             */
            next: string | null;
            /**
             * Weights
             * @description the newest first
             */
            weights: components["schemas"]["SeatWeight"][];
        };
        /**
         * SetTerm
         * @description A numeric parameter of the book, or of one instrument; flags are 0 or 1.
         */
        SetTerm: {
            /** @default  */
            instrument: string;
            /** @enum {unknown} */
            kind: "SetTerm";
            name: string;
            /** Format: decimal */
            value: string;
        };
        /**
         * SignalRule
         * @description A rule seat's signal: when `when` (BOOL) holds the score is `score` (DOUBLE), positive expects a rise.
         */
        SignalRule: {
            name: string;
            score: string;
            when: string;
        };
        /** SourceBody */
        SourceBody: {
            /**
             * @description why; it is kept in the ledger
             * @example end of the day
             */
            reason: string;
            /** @enum {unknown} */
            source: "live" | "replay" | "synthetic";
        };
        /**
         * Story
         * @description The causal story of a decision; amounts are decimal strings.
         */
        Story: {
            /** Arbitrated */
            arbitrated: {
                [key: string]: unknown;
            } | null;
            /** Book */
            book: string;
            /** Decision Id */
            decision_id: string;
            /** Deliberation Id */
            deliberation_id: string;
            /** Events */
            events: components["schemas"]["ToldEvent"][];
            /** Held */
            held: {
                [key: string]: unknown;
            }[];
            /** Opened */
            opened: {
                [key: string]: unknown;
            } | null;
            /** Orders */
            orders: {
                [key: string]: unknown;
            }[];
            /** Outcome */
            outcome: string;
            /** Proposals */
            proposals: {
                [key: string]: unknown;
            }[];
            /** Rules */
            rules: {
                [key: string]: unknown;
            }[];
            /** Situation */
            situation: {
                [key: string]: unknown;
            } | null;
            /** Trigger */
            trigger: {
                [key: string]: unknown;
            } | null;
            /** Worth */
            worth: {
                [key: string]: unknown;
            };
        };
        /**
         * SubmitProposal
         * @description `target` is the signed final quantity (trade), or the cap on |position| (reduce).
         *         `probability` is P(y = 1) at the book's horizon; `price` and `evidence` are what the agent saw. With `legs` it is
         *         all or none, and y is about the legs together, weighted by their value. With a `limit` (trade, no legs) the order
         *         is a limit order and may work for longer: until cancelled (GTC) or for `good_for_ms` (GTD).
         */
        SubmitProposal: {
            /** @enum {unknown} */
            action: "halt" | "reduce" | "trade";
            /** @default [] */
            evidence: string[];
            /** @default 0 */
            evidence_published_at: number;
            evidence_received_at: number;
            /** @default 0 */
            good_for_ms: number;
            /** @default 0 */
            horizon_s: number;
            instrument: string;
            /** @default [] */
            legs: components["schemas"]["Leg"][];
            /** @default null */
            limit: string | null;
            /** Format: decimal */
            price: string;
            /** @default null */
            probability: number | null;
            proposal_id: string;
            /** @default  */
            reason: string;
            /** Format: decimal */
            target: string;
            /**
             * @default IOC
             * @enum {unknown}
             */
            time_in_force: "FOK" | "GTC" | "GTD" | "IOC";
            /** @default 200 */
            ttl_ms: number;
            /** @enum {unknown} */
            type?: "SubmitProposal.1";
        };
        /**
         * SuspendSeat
         * @description The first operator stops a seat; a second one confirms, which takes its mass out of T.
         */
        SuspendSeat: {
            agent: string;
            /** @enum {unknown} */
            kind: "SuspendSeat";
        };
        /** ToldEvent */
        ToldEvent: {
            /** Actor */
            actor: string;
            /** Causation Id */
            causation_id: string;
            /** Correlation Id */
            correlation_id: string;
            /** Event */
            event: string;
            /**
             * Event Id
             * Format: uuid
             */
            event_id: string;
            /** Log */
            log: string;
            /** Payload */
            payload: {
                [key: string]: unknown;
            };
            /** Position */
            position: number;
            /**
             * Recorded At
             * @description ns since 1970, UTC
             */
            recorded_at: number;
            /**
             * Since Ms
             * @description since the tick was received
             */
            since_ms: number;
            /** Text */
            text: string;
        };
        /**
         * Trip
         * @description Where to look: the decision, or the round where there is none (held, or interrupted).
         */
        Trip: {
            /**
             * At
             * Format: date-time
             * @description ISO 8601, UTC
             * @example 2026-01-31T09:00:00.123456Z
             */
            at: string;
            /**
             * Clipped To
             * @description what was left of the quantity, where it was cut
             */
            clipped_to: string | null;
            /** Decision Id */
            decision_id: string | null;
            /** Deliberation Id */
            deliberation_id: string | null;
        };
        /** Unrestrict */
        Unrestrict: {
            instrument: string;
            /** @enum {unknown} */
            kind: "Unrestrict";
        };
        /**
         * Verdict
         * @description What `audit verify` says, line by line; `whole` is false where anything does not hold.
         */
        Verdict: {
            /** Report */
            report: string[];
            /** Whole */
            whole: boolean;
        };
        /**
         * Vetoed
         * @description One veto and what it kept from being gained (negative) or lost, had the order been filled at P.
         */
        Vetoed: {
            /**
             * At
             * Format: date-time
             * @description ISO 8601, UTC
             * @example 2026-01-31T09:00:00.123456Z
             */
            at: string;
            /** Decision Id */
            decision_id: string | null;
            /** Deliberation Id */
            deliberation_id: string;
            /**
             * Gain
             * @description side·return − cost of what it stopped; null while it is not known
             */
            gain: number | null;
            /** Instrument */
            instrument: string;
            /** Proposal Id */
            proposal_id: string;
            /** Proposer */
            proposer: string;
            /**
             * Question
             * @description BTCUSDT:buy; of several legs joined by +
             */
            question: string;
            /** Reason */
            reason: string;
            /** Y */
            y: boolean | null;
        };
        /** Vetoes */
        Vetoes: {
            /**
             * Amount
             * @description what they were worth in the quote currency, hypothetical
             * @example 0.05
             */
            amount: string;
            /** Answered */
            answered: number;
            /**
             * Count
             * @description of the newest 500
             */
            count: number;
            /** Newest */
            newest: components["schemas"]["Vetoed"][];
        };
        /** accounts_asked */
        accounts_asked: {
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
        };
        /** agents_asked */
        agents_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * Status
             * @description where the seat stands
             */
            status?: ("seated" | "shadow" | "suspended") | null;
        };
        /** alarms_asked */
        alarms_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Breaker
             * @description only of this breaker
             */
            breaker?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** books_asked */
        books_asked: {
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
        };
        /** breakers_asked */
        breakers_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Breaker
             * @description only this one, e.g. stale_feed
             */
            breaker?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * State
             * @description where it stands, e.g. tripped or clear
             */
            state?: string | null;
        };
        /** changes_asked */
        changes_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Kind
             * @description what is to change, e.g. ActivateRule or SetTerm
             */
            kind?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * Status
             * @description where it stands
             */
            status?: ("requested" | "approved" | "enacted" | "refused") | null;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
            /**
             * Who
             * @description who asked, e.g. operator:ada
             */
            who?: string | null;
        };
        /** decisions_asked */
        decisions_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Correlation
             * @description what this root (usually a tick) set off
             */
            correlation?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Instrument
             * @description only of this instrument, e.g. BTCUSDT
             */
            instrument?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * Outcome
             * @description what was decided
             */
            outcome?: ("granted" | "reduced" | "vetoed" | "expired" | "refused") | null;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** deliberations_asked */
        deliberations_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Instrument
             * @description only of this instrument, e.g. BTCUSDT
             */
            instrument?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
            /**
             * Track
             * @description which track
             */
            track?: ("HALT" | "REDUCE" | "TRADE" | "CONFIG") | null;
        };
        /** fills_asked */
        fills_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Decision
             * @description only what this decision led to
             */
            decision?: string | null;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Instrument
             * @description only of this instrument, e.g. BTCUSDT
             */
            instrument?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * Order
             * @description only of this order
             */
            order?: string | null;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** holds_asked */
        holds_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Instrument
             * @description only of this instrument, e.g. BTCUSDT
             */
            instrument?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * Status
             * @description where it stands
             */
            status?: ("held" | "released" | "refused" | "lapsed" | "ended") | null;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** orders_asked */
        orders_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Decision
             * @description only what this decision led to
             */
            decision?: string | null;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Instrument
             * @description only of this instrument, e.g. BTCUSDT
             */
            instrument?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * State
             * @description where it stands
             */
            state?: ("accepted" | "sent" | "working" | "partially_filled" | "filled" | "rejected" | "cancelled" | "expired") | null;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** outcomes_asked */
        outcomes_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Deliberation
             * @description only of this round
             */
            deliberation?: string | null;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** positions_asked */
        positions_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Instrument
             * @description only of this instrument, e.g. BTCUSDT
             */
            instrument?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
        };
        /** proposals_asked */
        proposals_asked: {
            /**
             * Agent
             * @description only of this agent
             */
            agent?: string | null;
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Deliberation
             * @description only of this round
             */
            deliberation?: string | null;
            /**
             * From
             * @description ISO 8601, UTC unless it says so
             */
            from?: string | null;
            /**
             * Instrument
             * @description only of this instrument, e.g. BTCUSDT
             */
            instrument?: string | null;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * To
             * @description up to but without this time
             */
            to?: string | null;
        };
        /** rules_asked */
        rules_asked: {
            /**
             * Book
             * @description only of this book
             */
            book?: string | null;
            /**
             * Cursor
             * @description `next` of the page before; the other conditions stay the same
             * @default
             */
            cursor: string;
            /**
             * Limit
             * @description rows on a page
             * @default 100
             */
            limit: number;
            /**
             * Status
             * @description whether it holds
             */
            status?: ("active" | "retired") | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_accounts: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_agents: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description only of this book */
                book?: string | null;
                /** @description where the seat stands */
                status?: ("seated" | "shadow" | "suspended") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_agent: {
        parameters: {
            query?: {
                book?: string | null;
            };
            header?: never;
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Seat"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_performance_agent_performance: {
        parameters: {
            query?: {
                /** @description needed where several books have an agent of that name */
                book?: string | null;
                /** @description as it was known before this time; without it, now */
                to?: string | null;
            };
            header?: never;
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentPerformance"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_weights: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                book?: string | null;
            };
            header?: never;
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatWeightPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_alarms: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this breaker */
                breaker?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_acknowledge: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_bars: {
        parameters: {
            query: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                instrument: string;
                width_s?: "1" | "60";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BarPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_books: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_book: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookWhole"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_adjust: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instrument": "BTCUSDT",
                 *       "price": "61000",
                 *       "quantity": "0.5",
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["AdjustBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_auditing_as_of: {
        parameters: {
            query: {
                at: string;
            };
            header?: never;
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookAsOf"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_clear: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "breaker": "drawdown",
                 *       "reason": "end of the day",
                 *       "subject": "demo"
                 *     }
                 */
                "application/json": components["schemas"]["BreakerBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_move_cash: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "amount": "500",
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["CashBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_request_change: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "change": {
                 *         "kind": "SetTerm",
                 *         "name": "drawdown_halt",
                 *         "value": "0.05"
                 *       },
                 *       "reason": "a quieter week"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_flatten: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instrument": "BTCUSDT",
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["FlattenBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_halt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GateShape"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_propose: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "agent": "fast-momentum",
                 *       "proposal": {
                 *         "action": "trade",
                 *         "evidence": [
                 *           "binance:BTCUSDT:t41"
                 *         ],
                 *         "evidence_received_at": 1767225600123456800,
                 *         "instrument": "BTCUSDT",
                 *         "price": "61234.56",
                 *         "probability": 0.57,
                 *         "proposal_id": "2b1f8f0e-3c1b-4a55-9a5e-0f3c5f1a7b11",
                 *         "reason": "three rising trades in a row",
                 *         "target": "0.05"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ProposalBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_reconcile: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_resume: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_suspend: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instrument": "BTCUSDT",
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["InstrumentBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_lift: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                book: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instrument": "BTCUSDT",
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["InstrumentBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_breakers: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description only of this book */
                book?: string | null;
                /** @description only this one, e.g. stale_feed */
                breaker?: string | null;
                /** @description where it stands, e.g. tripped or clear */
                state?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BreakerStatePage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_changes: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description where it stands */
                status?: ("requested" | "approved" | "enacted" | "refused") | null;
                /** @description what is to change, e.g. ActivateRule or SetTerm */
                kind?: string | null;
                /** @description who asked, e.g. operator:ada */
                who?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeRequestPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_approve: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                change_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_refuse_change: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                change_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_auditing_checkpoints: {
        parameters: {
            query?: {
                log?: ("governance" | "execution") | null;
                partition?: number;
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoints"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_command: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                command_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_machine_dead_letters: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LettersPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_decisions: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this instrument, e.g. BTCUSDT */
                instrument?: string | null;
                /** @description what was decided */
                outcome?: ("granted" | "reduced" | "vetoed" | "expired" | "refused") | null;
                /** @description what this root (usually a tick) set off */
                correlation?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_decision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                decision_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionWhole"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_auditing_explain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                decision_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Story"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_deliberations: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this instrument, e.g. BTCUSDT */
                instrument?: string | null;
                /** @description which track */
                track?: ("HALT" | "REDUCE" | "TRADE" | "CONFIG") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliberationPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_deliberation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                deliberation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliberationWhole"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_machine_feed: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Process"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_switch_source: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day",
                 *       "source": "replay"
                 *     }
                 */
                "application/json": components["schemas"]["SourceBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeedAnswer"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_fills: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this instrument, e.g. BTCUSDT */
                instrument?: string | null;
                /** @description only what this decision led to */
                decision?: string | null;
                /** @description only of this order */
                order?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FillPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_halt_all: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GateShape"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_holds: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this instrument, e.g. BTCUSDT */
                instrument?: string | null;
                /** @description where it stands */
                status?: ("held" | "released" | "refused" | "lapsed" | "ended") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_refuse_hold: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                decision_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_release: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                decision_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_machine_instruments: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description only of this book */
                book?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstrumentsPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_auditing_ledger: {
        parameters: {
            query?: {
                /** @description only this log */
                log?: ("governance" | "execution") | null;
                /** @description names of events, e.g. OrderFilled; may be given several times */
                event?: string[];
                /** @description kind (Book, Order, …) or id of the aggregate */
                aggregate?: string | null;
                /** @description who caused it: an agent, operator:NAME, executor, … */
                actor?: string | null;
                book?: string | null;
                /** @description all that this root (usually a tick) set off */
                correlation?: string | null;
                /** @description all that this command led to */
                command?: string | null;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only positions after this one */
                after?: number | null;
                /** @description the newest first */
                newest?: boolean;
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_auditing_export: {
        parameters: {
            query?: {
                /** @description only this log */
                log?: ("governance" | "execution") | null;
                /** @description names of events, e.g. OrderFilled; may be given several times */
                event?: string[];
                /** @description kind (Book, Order, …) or id of the aggregate */
                aggregate?: string | null;
                /** @description who caused it: an agent, operator:NAME, executor, … */
                actor?: string | null;
                book?: string | null;
                /** @description all that this root (usually a tick) set off */
                correlation?: string | null;
                /** @description all that this command led to */
                command?: string | null;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only positions after this one */
                after?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_auditing_verify: {
        parameters: {
            query?: {
                part?: ("chain" | "checkpoints" | "archive" | "decisions")[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verdict"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_orders: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this instrument, e.g. BTCUSDT */
                instrument?: string | null;
                /** @description where it stands */
                state?: ("accepted" | "sent" | "working" | "partially_filled" | "filled" | "rejected" | "cancelled" | "expired") | null;
                /** @description only what this decision led to */
                decision?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_order: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderWhole"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_commands_cancel: {
        parameters: {
            query?: {
                /** @description seconds to wait */
                wait?: number;
            };
            header?: {
                /**
                 * @description a random UUID: the id of the command. The same key again is that command again
                 * @example 5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "end of the day"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description where its state is told */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_outcomes: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this round */
                deliberation?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutcomePage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_positions: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this instrument, e.g. BTCUSDT */
                instrument?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PositionPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_machine_processes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Processes"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_proposals: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                /** @description only of this book */
                book?: string | null;
                /** @description only of this agent */
                agent?: string | null;
                /** @description only of this instrument, e.g. BTCUSDT */
                instrument?: string | null;
                /** @description only of this round */
                deliberation?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    list_rules: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description only of this book */
                book?: string | null;
                /** @description whether it holds */
                status?: ("active" | "retired") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RulePage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_rule_activity_activity: {
        parameters: {
            query: {
                book: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Activity"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_rule: {
        parameters: {
            query?: {
                book?: string | null;
            };
            header?: never;
            path: {
                rule: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    govsite_api_reading_versions: {
        parameters: {
            query?: {
                /** @description rows on a page */
                limit?: number;
                /** @description `next` of the page before; the other conditions stay the same */
                cursor?: string;
                /** @description ISO 8601, UTC unless it says so */
                from?: string | null;
                /** @description up to but without this time */
                to?: string | null;
                book?: string | null;
            };
            header?: never;
            path: {
                rule: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleVersionPage"];
                };
            };
            /** @description Not Modified: the ETag in If-None-Match is still that of the answer */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Method Not Allowed */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
}
