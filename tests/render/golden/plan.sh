#!/usr/bin/env bash
# Recovery plan by aftershock: stg_orders (data-quality, P1): 6 tables, 1 dashboard, 1 other exposure, 1 automation and 4 people or teams are affected.
# Incident: detected 2026-11-02T08:40:00Z, bad since 2026-11-01T00:00:00Z.
# Read from manifest of 2026-11-02T06:40:12Z (2 h old) and run_results of 2026-11-02T06:41:00Z (2 h old); no sources and no catalog, project shop, on 2026-11-02T08:41:00Z.
# Target: prod.
# Time of its commands: 75 s to 25 min. It rests on 4 runs of the last week. What people do is not in it.
# Note: No test would show whether orders_snapshot is repaired.
# Note: 1 of 4 models was narrowed by column.
# Warning: run_results.json is of another invocation than manifest.json.
# Usage: bash plan.sh [--yes-irreversible] [--target NAME] [--from N] [--list], in the dbt project; --help says more.
set -euo pipefail

steps=9

say() { printf '%s\n' "$*" >&2; }

stop() { # CODE MESSAGE
  say "$2"
  exit "$1"
}

usage() {
  cat <<'USAGE'
bash plan.sh [--yes-irreversible] [--target NAME] [--from N] [--list]

  --yes-irreversible  also run the steps that could destroy something
  --target NAME       dbt's target; needed where the plan does not know it
  --from N            begin with step N
  --list              print the steps and do nothing

It is run in the dbt project. What a person does is a notice on standard error;
at a terminal it asks whether that is done.

Exit codes: 0 all is done, 1 a command failed, 2 it could not run, 3 it waits
for a person.
USAGE
}

value() { # OPTION COUNT VALUE
  { (($2 > 1)) && [[ -n $3 && $3 != -* ]]; } || stop 2 "$1: it needs a value. See --help."
}

quoted() { # WORD...: as they can be typed, safe to look at; only in $(…), since it leaves the locale changed
  local word line=''
  LC_ALL=C
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_@%+=:,./-]+$ ]] || word=$(printf '%q' "$word")
    line+="${line:+ }$word"
  done
  printf '%s' "$line"
}

again() { # the words that run the rest of the plan from this step on
  local line="--from $number"
  [[ -z $allowed ]] || line="--yes-irreversible $line"
  [[ -z $target ]] || line="$line --target $(quoted "$target")"
  printf '%s' "$line"
}

step() { # NUMBER HEADING: whether to do this step now
  number=$1
  if [[ -n $listing ]]; then
    printf '%3d. %s\n' "$1" "$2"
    return 1
  fi
  (($1 >= from)) || return 1
  say ''
  say "$2"
}

tell() { # LINE...: more about this step
  local line
  for line in "$@"; do say "    $line"; done
}

show_sql() { # the SQL on standard input
  local line
  while IFS= read -r line || [[ -n $line ]]; do say "    | $line"; done
}

by_hand() { # a person did it, or nobody can be asked
  local answer=''
  [[ -t 0 ]] || return 0
  printf 'Is this done? [y/N] ' >&2
  read -r answer || say ''
  case $answer in
    [yY] | [yY][eE][sS]) ;;
    *) stop 3 "Stopped at step $number. Once it is done, run again with $(again)." ;;
  esac
}

by_hand_first() { # what follows builds on it: it is not passed over
  if [[ -t 0 ]]; then
    by_hand
  else
    local done_step=$number
    number=$((number + 1))
    stop 3 "Stopped at step $done_step, which is by hand. Once it is done, run again with $(again)."
  fi
}

irreversible() { # WHAT IT COULD DESTROY
  [[ -z $allowed ]] || return 0
  allowed=yes
  stop 3 "Step $number was not run. It could destroy: $1 Run again with $(again)."
}

failed() { # CODE
  stop 1 "Step $number failed with exit code $1. Once its cause is gone, run again with $(again)."
}

run() { # WORD...: the command of this step
  local code=0
  say "+ $(quoted "$@")"
  "$@" </dev/null || code=$?
  ((code == 0)) || failed "$code"
}

run_dbt() { # WORD...: a command that writes run_results.json, which the next one would overwrite
  local code=0
  say "+ $(quoted "$@")"
  "$@" </dev/null || code=$?
  keep_results
  ((code == 0)) || failed "$code"
}

dbt_sql() { # WORD...: a command whose --args are the SQL on standard input
  local argument=$'sql: |2\n' code=0 last='' line word words=()
  say "+ $(quoted "$@"), where SQL is:"
  while IFS= read -r line || [[ -n $line ]]; do
    argument+="${line:+  $line}"$'\n'
    say "    | $line"
  done
  for word in "$@"; do
    [[ $last != --args ]] || word=$argument
    words+=("$word")
    last=$word
  done
  "${words[@]}" </dev/null || code=$?
  keep_results
  ((code == 0)) || failed "$code"
}

keep_results() { # what proves this step
  local kept
  [[ -f $target_dir/run_results.json ]] || return 0
  kept=$target_dir-recovery/$(printf '%02d' "$number").run_results.json
  { mkdir -p -- "$target_dir-recovery" && cp -- "$target_dir/run_results.json" "$kept"; } || say "$kept could not be written: this step's results are lost with the next one."
}

repaired() { # NODE...: what this step's SQL repaired, which dbt's results do not name
  local kept
  kept=$target_dir-recovery/$(printf '%02d' "$number").repaired
  { mkdir -p -- "$target_dir-recovery" && printf '%s\n' "$@" >"$kept"; } || say "$kept could not be written: aftershock verify needs --plan to know what this step repaired."
}

copy_target() { # once, and whole or not at all
  local part
  if [[ -e $target_dir-incident ]]; then
    say "+ $target_dir-incident is there and is kept. If it is of another incident, move it away and begin again."
    return 0
  elif [[ ! -d $target_dir ]]; then
    say "+ there is no $target_dir, so nothing of it can be lost."
    return 0
  fi
  say "+ $(quoted cp -R "$target_dir" "$target_dir-incident")"
  part=$(mktemp -d "$target_dir-incident.XXXXXX") || failed "$?"
  cp -R -- "$target_dir/." "$part/" || failed "$?"
  mv -- "$part" "$target_dir-incident" || failed "$?"
}

needs() { # PROGRAM
  [[ -n $listing ]] || command -v "$1" >/dev/null || stop 2 "$(quoted "$1"): there is no such program. Activate the environment that has it."
}

needs_project() { # PROJECT DIRECTORY, empty where dbt finds it
  local project=${1:-${DBT_PROJECT_DIR:-.}}
  [[ -n $listing || -f $project/dbt_project.yml ]] || stop 2 "$(quoted "$project"): there is no dbt_project.yml. Run the script in the dbt project."
  target_dir=${DBT_TARGET_PATH:-}
  if [[ -z $target_dir && -f $project/dbt_project.yml ]]; then
    target_dir=$(sed -n "/^target-path:/{s/^target-path:[[:space:]]*[\"']\{0,1\}\([^\"'#{}[:space:]]\{1,\}\).*/\1/p;q;}" "$project/dbt_project.yml")
  fi
  target_dir=${target_dir:-target}
  [[ $target_dir == /* || $project == . ]] || target_dir=$project/$target_dir
  target_dir=${target_dir%/}
}

needs_target() { # WHETHER IT IS ASKED FOR, THE TARGET THAT COMMANDS CARRY; each may be empty
  [[ -z $listing ]] || return 0
  if [[ -n $2 && -n $target && $2 != "$target" ]]; then
    stop 2 "The plan is for target $(quoted "$2"), not $(quoted "$target"). Make it again for that one."
  fi
  if [[ -n $1 && -z $target ]]; then
    stop 2 "The artifacts do not say which target failed. Run again with --target NAME, or the plan may repair another warehouse."
  fi
  [[ -z $1 ]] || target_words=(--target "$target")
}

finish() { # WORD...: the command that proves the repair, less what only this run knows
  local proof=("$@" --since "$since")
  [[ -z $listing ]] || return 0
  [[ ! -d $target_dir-recovery ]] || proof+=(--run-results "$target_dir-recovery")
  say ''
  say "All steps are done. Whether all is repaired: $(quoted "${proof[@]}")"
}

# shellcheck disable=SC2034  # only a plan without a target uses target_words
allowed='' from=1 listing='' number=0 since=$(date -u +%Y-%m-%dT%H:%M:%SZ) target='' target_dir=target target_words=()
while (($#)); do
  case $1 in
    --yes-irreversible) allowed=yes ;;
    --list) listing=yes ;;
    -h | --help) usage && exit 0 ;;
    --target) value "$1" $# "${2:-}" && target=$2 && shift ;;
    --target=*) value --target 2 "${1#*=}" && target=${1#*=} ;;
    --from) value "$1" $# "${2:-}" && from=$2 && shift ;;
    --from=*) value --from 2 "${1#*=}" && from=${1#*=} ;;
    *) stop 2 "$1: there is no such option. See --help." ;;
  esac
  shift
done
[[ $from =~ ^[0-9]{1,6}$ ]] || stop 2 "--from $from: it is no number of a step."
from=$((10#$from))
((from == 1)) || since=TIME_OF_STEP_1
((from == 1 || (from >= 1 && from <= steps))) || stop 2 "--from $from: the plan has the steps 1 to $steps."

needs dbt
needs_project ''
needs_target '' prod

if step 1 'STEP 1 (backup): Copy dbt'"'"'s files first: the first command overwrites run_results.json.'; then
  copy_target
fi

if step 2 'GATE 2: Correct the cause first: a rebuild before that builds the same values again.'; then
  tell 'who acts: Ana Ruiz <ana@example.com> @ana' 'nodes: stg_orders'
  by_hand
fi

if step 3 'PAUSE 3: Hold dbt snapshot until its input is right.'; then
  tell 'who acts: whoever schedules dbt' 'nodes: orders_snapshot' 'costs: Versions during the pause are lost.'
  by_hand
fi

if step 4 'STEP 4 (run): A plain run selects the rows again.'; then
  tell 'nodes: stg_orders, int_order_items and dim_customers.v2' 'first: raw.orders holds the corrected rows.' 'costs: All rows of 3 tables are written again.'
  run_dbt dbt run --select stg_orders int_order_items dim_customers.v2 --target prod
fi

if step 5 'STEP 5 (full-refresh, irreversible): It is incremental: a plain run keeps the wrong rows.'; then
  tell 'nodes: fct_orders' 'first: raw.orders holds all of its history.'
  irreversible 'Rows that the source no longer holds, grants and time travel of the table.'
  run_dbt dbt run --full-refresh --select fqn:shop.marts.fct_orders,package:shop,file:fct_orders.sql --vars '{"run": "daily"}' --target prod
fi

if step 6 'STEP 6 (sql, irreversible): Replace the rows of the bad days in one transaction.'; then
  tell 'nodes: fct_orders_daily'
  irreversible 'Rows of these days that orders no longer holds.'
  dbt_sql dbt run-operation run_query --args SQL --target prod <<'SQL'
begin;
delete from "shop"."main"."fct_orders_daily"
    where day >= timestamp '2026-11-01';

insert into "shop"."main"."fct_orders_daily" (day, amount)
	select day, amount from orders where note <> 'it''s $5';
commit;
SQL
  repaired model.shop.fct_orders_daily
fi

if step 7 'CONFIRM 7: Whoever owns the export writes it again.'; then
  tell 'who acts: Finance' 'nodes: fct_orders_daily'
  show_sql <<'SQL'
select count(*)
from exports;
SQL
  by_hand
fi

if step 8 'STEP 8 (freshness): Prove that it is fresh.'; then
  tell 'nodes: source.shop.raw.orders'
  run dbt source freshness --select source:shop.raw.orders --target prod
fi

if step 9 'STEP 9 (test): Every test must pass.'; then
  tell 'nodes: test.shop.not_null_0, test.shop.not_null_1, test.shop.not_null_2, test.shop.not_null_3, test.shop.not_null_4, test.shop.not_null_5 and 3 more'
  run_dbt dbt test --select stg_orders --target prod
fi

finish aftershock verify model.shop.stg_orders --category data-quality
