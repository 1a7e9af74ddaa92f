"""Times as operators need them: to the microsecond, sortable by eye."""

DATETIME_FORMAT = "Y-m-d H:i:s.u"
