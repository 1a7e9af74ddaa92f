# Starts the proxy once it has what it needs, or says in one line what is missing.
set -eu
cannot() { echo "$*" >&2; exit 1; }
[ "${GOVSITE_PRODUCTION:-}" = 1 ] && [ "${GOVSITE_PROXIES:-}" = 1 ] \
  || cannot "GOVSITE_PRODUCTION and GOVSITE_PROXIES must be 1 in .env: the site has to know that a proxy ends TLS before it."
for file in fullchain.pem privkey.pem; do
  [ -r "/tls/$file" ] || cannot "$file cannot be read in the directory that GOVSITE_TLS_DIR names: put it there, readable by uid 10001."
done
openssl x509 -noout -checkend 0 -in /tls/fullchain.pem > /dev/null \
  || echo "fullchain.pem has expired or is no certificate: browsers refuse it. Renew it, then: docker compose restart proxy" >&2
exec nginx -g 'daemon off;'
