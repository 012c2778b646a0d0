# What the scripts of deploy/central share: the centre's folder, its certificate authority, its broker's files.
# Sourced by ca, broker, enrol, remove and up.
#
#   DIR/ca          the authority (0700): ca.key, and index.txt with everything it ever signed
#   DIR/broker      what mosquitto reads: congto.conf, acl, ca.pem, server.pem, server.key, crl.pem
#   DIR             central.toml, ca.pem, central-1.pem, central-1.key, and those of further consumers
# shellcheck shell=bash disable=SC2154

sources=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=${CONGTO_CENTRE:-/etc/congto-central}
valid_days=731  # of a certificate; the authority's own lasts ten times as long
umask 077

fail() { echo "$0: $*" >&2; exit 1; }
misused() { echo "$0: $*" >&2; exit 2; }
# usage LAST: lines 2 to LAST of the script are its help
usage() { sed -n "2,${1}s/^# \{0,1\}//p" "$0" >&2; exit 2; }
# needs SWITCH COUNT: a switch that ends the line has no value
needs() { (($2 > 1)) || misused "$1 needs a value"; }

in_directory() { directory=$(realpath -m "$directory"); authority=$directory/ca; broker=$directory/broker; }
authority_exists() { [[ -f $authority/ca.key && -f $authority/ca.pem ]]; }
need_authority() {
  authority_exists || fail "no authority in $authority that you may read; first: deploy/central/ca NAME (or --dir DIR)"
  exec {lock}>"$authority/lock"
  flock "$lock"  # two enrolments at once wait for one another
}

# --- names ---
is_agent_name() { [[ $1 =~ ^[a-z0-9-]{3,64}$ ]]; }
is_consumer_name() { [[ $1 =~ ^central-[1-9][0-9]{0,2}$ ]]; }
# Every name that begins like a consumer's is kept from agents.
is_reserved_name() { [[ $1 == central || $1 == central-* ]]; }

# --- certificates ---
quietly() {
  local said
  said=$("$@" 2>&1) || fail "$1 $2 failed: $said"
}
openssl_ca() {
  CONGTO_AUTHORITY=$authority CONGTO_SERVER_NAMES=${server_names:-DNS:localhost} \
    quietly openssl ca -config "$sources/openssl.cnf" -batch -notext "$@"
}
new_key() { quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
# request KEY FILE: what the authority signs; it puts in the name itself
request() {
  CONGTO_AUTHORITY='' CONGTO_SERVER_NAMES=DNS:localhost \
    quietly openssl req -new -config "$sources/openssl.cnf" -key "$1" -subj "/CN=request" -out "$2"
}
# sign REQUEST SUBJECT server|client FILE. It counts from yesterday: clocks differ.
sign() {
  openssl_ca -in "$1" -subj "$2" -extensions "$3" -days "$valid_days" -out "$4.new" \
    -startdate "$(date -u -d yesterday +%Y%m%d%H%M%SZ)"
  mv "$4.new" "$4"
}
lasts() { openssl x509 -in "$1" -noout -checkend "$(($2 * 86400))" >/dev/null 2>&1; }  # lasts CERTIFICATE DAYS
# with_subject SUBJECT STATES: the serial numbers of its certificates that are V(alid), E(xpired) or R(evoked)
with_subject() { awk -F '\t' -v subject="$1" -v states="$2" '$6 == subject && index(states, $1) {print $4}' "$authority/index.txt"; }
was_issued() { [[ -n $(with_subject "/CN=$1" VER) ]]; }
revoke_all() {  # revoke_all NAME [SERIAL-TO-KEEP]
  local serial
  for serial in $(with_subject "/CN=$1" V); do
    [[ $serial == "${2-}" ]] || openssl_ca -revoke "$authority/issued/$serial.pem"
  done
}
# Tells the broker who is revoked, which consumers there are, and who is removed.
publish() {
  openssl_ca -gencrl -out "$authority/crl.pem"
  write_acl >"$authority/acl"
  broker_file "$authority/crl.pem" crl.pem
  broker_file "$authority/acl" acl
  broker_file "$authority/ca.pem" ca.pem
}

# --- the broker ---
broker_group() { if ((EUID == 0)) && getent group mosquitto >/dev/null; then echo mosquitto; else id -g; fi; }
# broker_file SOURCE NAME: put in place whole, for the broker and nobody else
broker_file() {
  local group
  group=$(broker_group)
  install -d -m 750 -g "$group" "$broker"
  install -m 640 -g "$group" "$1" "$broker/$2.new"
  mv "$broker/$2.new" "$broker/$2"
}
write_acl() {
  local subject
  cat <<'ACL'
# Who may say and hear what. Written by deploy/central: do not edit.
# An agent, by the name in its certificate:
pattern write congto/v1/%u/up/#
pattern read congto/v1/%u/down/#
ACL
  for subject in $(awk -F '\t' '$1 == "V" {print $6}' "$authority/index.txt" | sort -u); do
    ! is_consumer_name "${subject#/CN=}" || printf '%s\n' "user ${subject#/CN=}" "topic read congto/v1/+/up/#" \
      "topic write congto/v1/+/down/#" "topic write congto/v1/+/up/online" "topic write congto/v1/+/up/status" \
      "topic write congto/v1/+/up/meta"
  done
  echo "# Who deletes the retained topics of an agent that is removed:"
  printf '%s\n' "user central-operator" "topic write congto/v1/+/up/online" "topic write congto/v1/+/up/status" \
    "topic write congto/v1/+/up/meta"
  # The revoked are refused when they connect; who is connected already would stay.
  echo "# Removed:"
  for subject in $(awk -F '\t' '$6 !~ /OU=/ {held[$6] = held[$6] $1} END {for (s in held) if (held[s] !~ /V/) print s}' \
    "$authority/index.txt" | sort); do
    printf '%s\n' "user ${subject#/CN=}" "topic deny #"
  done
}
# A running broker reads certificates, revocations and rights again at SIGHUP, without dropping anybody.
reload_broker() {
  local process
  if process=$(cat "$broker/data/mosquitto.pid" 2>/dev/null) && [[ $(cat "/proc/$process/comm" 2>/dev/null) == mosquitto ]]; then
    kill -HUP "$process"
  elif [[ /etc/mosquitto/conf.d/congto.conf -ef $broker/congto.conf && -d /run/systemd/system ]]; then
    systemctl reload-or-restart mosquitto.service
  else
    echo "No broker runs here on $broker. Where it runs elsewhere: copy this folder there and send it SIGHUP." >&2
  fi
}

# --- files handed out ---
# place FOLDER NAME TARGET [OWNER:GROUP]: whole files only, the certificate last
place() {
  local file
  install -d "$3"
  for file in "$2.key" ca.pem "$2.pem"; do
    [[ -f $1/$file ]] || continue
    install -m 600 "$1/$file" "$3/$file.new"
    [[ -z ${4-} ]] || chown "$4" "$3/$file.new"
    mv "$3/$file.new" "$3/$file"
  done
}
# identity NAME SUBJECT: key and certificate of a congto-central on this machine, owned like central.toml; uses the folder $work
identity() {
  local settings=$directory/central.toml
  [[ -f $settings ]] || fail "no $settings, which says whose files these become; first: deploy/central/install"
  new_key "$work/$1.key"
  request "$work/$1.key" "$work/request"
  sign "$work/request" "$2" client "$work/$1.pem"
  place "$work" "$1" "$directory" "$(stat -c %U:%G "$settings")"
}
# consumer_settings NAME: DIR/NAME.toml, which is central.toml with another certificate
consumer_settings() {
  local settings=$directory/central.toml own=$directory/$1.toml
  sed -e "s|^certificate = .*|certificate = \"$1.pem\"|" -e "s|^key = .*|key = \"$1.key\"|" "$settings" >"$own.new"
  chown --reference="$settings" "$own.new"
  chmod --reference="$settings" "$own.new"
  mv "$own.new" "$own"
}

# --- the database, by congto-central ---
# central SETTINGS COMMAND…: as whoever owns the settings: the rights in the database are that user's
central() {
  local settings=$1 owner program become=()
  shift
  [[ -f $settings ]] || fail "no $settings; --certificate-only if the database is on another machine"
  program=$(central_program)
  owner=$(stat -c %U "$settings")
  if ((EUID == 0)) && [[ $owner != root ]]; then
    become=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --init-groups)
  fi
  "${become[@]}" "$program" "$@" --config "$settings"
}
central_program() {
  local candidate
  for candidate in "${CONGTO_CENTRAL-}" "$directory/congto-central" "$(command -v congto-central)" \
    "$sources/../../build/release/congto-central"; do
    if [[ -x $candidate ]]; then realpath "$candidate"; return; fi
  done
  fail "no congto-central on this machine; first: deploy/build release congto-central"
}
