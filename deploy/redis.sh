# Starts Redis with a user per process (users.acl, made by `manage.py accounts redis`); which password is missing it says.
set -eu
umask 077
eval "cat <<END
$(cat /accounts/users.acl)
END" > /tmp/users.acl
exec redis-server "$@" --aclfile /tmp/users.acl
