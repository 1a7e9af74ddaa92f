-- How far each read model has got in each log; moved in the transaction that writes the read model.
CREATE TABLE projection (
    name      text    NOT NULL,
    log       text    NOT NULL,
    partition integer NOT NULL,
    position  bigint  NOT NULL,
    PRIMARY KEY (name, log, partition)
) WITH (fillfactor = 20);
