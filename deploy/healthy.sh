# Whether the certificate is good, and the proxy ends TLS with it before a site that lives.
set -eu
openssl x509 -noout -checkend 0 -in /tls/fullchain.pem > /dev/null || { echo "the certificate has expired"; exit 1; }
printf 'GET /livez HTTP/1.0\r\nHost: %s\r\n\r\n' "${GOVSITE_HOSTS%%,*}" \
  | timeout 5 openssl s_client -quiet -connect 127.0.0.1:8443 2> /dev/null | grep -q '"alive": true'
