# The programs that a script starts, watches and ends again, each with a log of its own.
# Sourced by deploy/demo and deploy/central/up, which set `logs` (a folder) and define fail TEXT; `held` is a descriptor that
# the children do not get.
# shellcheck shell=bash disable=SC2154
children=()              # process ids, in the order of their start
declare -A child_name=() child_signal=()

# start [--as USER] [--signal NAME] NAME COMMAND…: as USER if we are root; the signal ends it, also when we were killed.
start() {
  local become=() signal=TERM
  while [[ $1 == --* ]]; do
    case $1 in
      --as) ((EUID != 0)) || become=(--reuid "$2" --regid "$(id -g "$2")" --init-groups) ;;
      --signal) signal=$2 ;;
    esac
    shift 2
  done
  local name=$1
  shift
  [[ ! -s $logs/$name.log ]] || mv -f "$logs/$name.log" "$logs/$name.log.1"  # why it ended last time
  # A session of its own: Ctrl-C is for the script, which ends them in order.
  (
    [[ -z ${held-} ]] || exec {held}>&-
    exec setsid setpriv "${become[@]}" --pdeathsig "$signal" "$@"
  ) >"$logs/$name.log" 2>&1 </dev/null &
  children+=($!)
  child_name[$!]=$name
  child_signal[$!]=$signal
}

# child_ended PID STATUS: tells the end of its log, and ends the script
child_ended() {
  local name=${child_name[$1]}
  echo "the last lines of $logs/$name.log:" >&2
  tail -n 20 "$logs/$name.log" >&2
  fail "$name ended${2+ with exit status $2}"
}

# wait_until SECONDS WHAT COMMAND…: until the command succeeds, while every child lives
wait_until() {
  local seconds=$1 what=$2 child tenth
  shift 2
  for ((tenth = 0; tenth < seconds * 10; tenth++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    for child in "${children[@]}"; do kill -0 "$child" 2>/dev/null || child_ended "$child"; done
    sleep 0.1
  done
  echo "the last lines of the newest log:" >&2
  tail -n 20 "$logs/${child_name[${children[-1]}]}.log" >&2
  fail "not so after $seconds s: $what"
}

# stop_children: the last started first, 20 s for each
stop_children() {
  local index child
  for ((index = ${#children[@]} - 1; index >= 0; index--)); do
    child=${children[index]}
    kill -s "${child_signal[$child]}" "$child" 2>/dev/null || continue
    for _ in {1..200}; do kill -0 "$child" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$child" 2>/dev/null || true
  done
  wait
  children=()
}
