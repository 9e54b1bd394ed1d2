#!/usr/bin/env bash
# Recovery plan by aftershock: [click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example> (data-loss, P0): 2 tables, 1 other exposure, 1 automation and 2 people or teams are affected.
# Incident: detected # heading #12 GH-3, bad since 1. first until - item.
# Read from manifest of ***bold*** __under__ ~~gone~~ $x$; no catalog, project without a name, on $(rm -rf ~) `id` ; echo 'x' "y" && z.
# Target: not known: add --target to every dbt command, or it may repair another warehouse.
# Time of its commands: unknown. - item
# Note: 1. first
# Note: 名前́ Ｗide
# Warning: a | b \| c || d
# Usage: bash plan.sh [--yes-irreversible] [--target NAME] [--from N] [--list], in the dbt project; --help says more.
set -euo pipefail

steps=6

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
needs_target yes '<script>alert(1)</script><img src=x onerror=y>'

if step 1 'STEP 1 (backup): \N \" ]; evil -> node; //'; then
  copy_target
fi

if step 2 'GATE 2: - item'; then
  tell 'who acts: ***bold*** __under__ ~~gone~~ $x$' 'nodes: [click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example>' 'first: \udc80\ud800 lone' 'costs: 名前́ Ｗide' 'destroys: # heading #12 GH-3'
  show_sql <<'SQL'
\x9b31mC1 \x7f
SQL
  by_hand
fi

if step 3 'STEP 3 (run, irreversible):'; then
  tell 'nodes: [click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example> and javascript:alert(1)' 'first: `code` ``more`` ``` ## Heading - [x] **Affected tables:** none' 'costs: a | b \| c || d'
  irreversible '\x1b[2J\x1b]0;owned\x07name'
  run_dbt dbt run --select '@everyone <!channel> <@U123> @channel' --target '<script>alert(1)</script><img src=x onerror=y>'
fi

if step 4 'STEP 4 (sql): [click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example>'; then
  tell 'nodes: [click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example>, javascript:alert(1), https://evil.example/a)b](c)"><script>|`, safe\u202egnp.exe\u2066\u200b\xad\ufeff and exposure.a | b \| c || d'
  dbt_sql dbt run-operation run_query --args SQL --vars 'javascript:alert(1)' "${target_words[@]}" <<'SQL'
%%{init: {"theme": "dark"}}%% #quot; end"] --> x["
SQL
  repaired $'model.\033[2J\033]0;owned\007name' 'model.@everyone <!channel> <@U123> @channel' 'metric.<script>alert(1)</script><img src=x onerror=y>' $'exposure.`code` ``more`` ```\012## Heading\012- [x] **Affected tables:** none' 'exposure.a | b \| c || d'
fi

if step 5 'SQL 5: https://evil.example/a)b](c)"><script>|`'; then
  tell 'who acts: it'"'"'s over two lines' 'nodes: [click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example>, javascript:alert(1), https://evil.example/a)b](c)"><script>|`, safe\u202egnp.exe\u2066\u200b\xad\ufeff and exposure.a | b \| c || d' 'destroys: safe\u202egnp.exe\u2066\u200b\xad\ufeff'
  show_sql <<'SQL'
$(rm -rf ~) `id` ; echo 'x' "y" && z
SQL
  by_hand_first
fi

if step 6 'STEP 6 (test): %%{init: {"theme": "dark"}}%% #quot; end"] --> x["'; then
  tell 'nodes: [click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example>, javascript:alert(1), https://evil.example/a)b](c)"><script>|`, safe\u202egnp.exe\u2066\u200b\xad\ufeff and exposure.a | b \| c || d'
  run_dbt dbt test --select '\N \" ]; evil -> node; //' "${target_words[@]}"
fi

finish aftershock verify 'model.\x1b[2J\x1b]0;owned\x07name' --category data-loss
