// The look of each outcome and final state: always an icon and a word beside the colour.

export const OUTCOME_LOOKS = {
  granted: { look: "good", icon: "granted" },
  reduced: { look: "warn", icon: "reduced" },
  vetoed: { look: "veto", icon: "vetoed" },
  expired: { look: "", icon: "expired" },
  refused: { look: "", icon: "refused" },
};

export const ORDER_LOOKS = {
  decided: { look: "accent", icon: "open" },
  accepted: { look: "accent", icon: "open" },
  sent: { look: "accent", icon: "open" },
  working: { look: "accent", icon: "open" },
  partially_filled: { look: "accent", icon: "reduced" },
  filled: { look: "good", icon: "granted" },
  rejected: { look: "bad", icon: "refused" },
  cancelled: { look: "", icon: "refused" },
  expired: { look: "", icon: "expired" },
};

export const WON = new Set(["GRANTED", "REDUCED", "CLEARED", "QUEUED", "PASSED", "EXECUTED"]);
