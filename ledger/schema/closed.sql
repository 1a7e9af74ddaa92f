-- Nobody calls what there is but the owner and the accounts that are granted it (govsite/accounts).
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
