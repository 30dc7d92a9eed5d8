#!/usr/bin/env bash
# Starts RabbitMQ as the official image does: with what is in /etc/rabbitmq/conf.d and, where that has no accounts, with the
# one that RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS name.
set -euo pipefail
if [ "${1:-}" != rabbitmq-server ]; then exec "$@"; fi

cat >/etc/rabbitmq/rabbitmq.conf <<END
listeners.tcp.default = 5672
log.console = true
default_user = ${RABBITMQ_DEFAULT_USER:-guest}
default_pass = ${RABBITMQ_DEFAULT_PASS:-guest}
loopback_users = none
END
install -d -o rabbitmq -g rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
export HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 2:2'
exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups /usr/lib/rabbitmq/bin/rabbitmq-server
