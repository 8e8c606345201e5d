/** The scripts that complete commands in shells. All they know is how to ask for candidates, see complete.ts. */
import { usage } from '../arguments/flags.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: String.raw`# Completion of dockerception in bash: source <(dockerception completion bash)
_dockerception() {
  local rest=${'$'}{COMP_LINE:0:COMP_POINT} words=() n=-1 i word paths line prefix IFS=$'\n'
  # bash also splits at = and :. A word without a blank before it continues the one before it.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${'$'}{COMP_WORDS[i]}
    if ((n < 0)) || [[ $rest == [[:blank:]]* ]]; then
      n=$((n + 1)) rest=${'$'}{rest#"${'$'}{rest%%[![:blank:]]*}"}
    fi
    # The rest of the last word is after the cursor.
    ((i < COMP_CWORD)) || word=$rest
    words[n]+=$word rest=${'$'}{rest#"$word"}
  done
  COMPREPLY=()
  {
    read -r paths
    while read -r line; do COMPREPLY+=("${'$'}{line%%$'\t'*}"); done
  } < <(dockerception __complete "${'$'}{words[@]:1}" 2>/dev/null)
  # bash replaces what follows the last = or :, if it splits there.
  word=${'$'}{words[n]} line=${'$'}{COMP_WORDBREAKS//[!=:]/}
  prefix=
  [[ -z $line ]] || prefix=${'$'}{word%"${'$'}{word##*[$line]}"}
  ((${'$'}{#COMPREPLY[@]} == 0)) || COMPREPLY=("${'$'}{COMPREPLY[@]#"$prefix"}")
  [[ ${'$'}{#COMPREPLY[@]} -ne 1 || $COMPREPLY != *= ]] || compopt -o nospace
  case $paths:${'$'}{#COMPREPLY[@]} in
  file:0) compopt -o default ;;
  folder:0) compopt -o dirnames ;;
  none:*) ;;
  *)
    while read -r line; do
      COMPREPLY+=("${'$'}{line#"${'$'}{prefix#--*=}"}")
    done < <(compgen -A "${'$'}{paths/folder/directory}" -- "${'$'}{word#--*=}")
    ;;
  esac
}
complete -F _dockerception dockerception
`,
  zsh: String.raw`#compdef dockerception
# Completion of dockerception in zsh: source <(dockerception completion zsh), after compinit
_dockerception() {
  local -a lines names shown attached
  local paths line
  lines=("${'$'}{(@f)$(dockerception __complete "${'$'}{(@Q)words[2,CURRENT-1]}" "${'$'}{(Q)PREFIX}" 2>/dev/null)}")
  paths=$lines[1]
  for line in "${'$'}{(@)lines[2,-1]}"; do
    if [[ $line == *= ]]; then
      attached+=("$line")
    else
      names+=("${'$'}{line%%$'\t'*}") shown+=("${'$'}{line/$'\t'/  -- }")
    fi
  done
  [[ -z $names ]] || compadd -l -d shown -a names
  [[ -z $attached ]] || compadd -S '' -a attached
  [[ $PREFIX != --*=* ]] || compset -P '*='
  case $paths in
  file) _files ;;
  folder) _files -/ ;;
  esac
}
if [[ $funcstack[1] == _dockerception ]]; then _dockerception "$@"; else compdef _dockerception dockerception; fi
`,
  fish: String.raw`# Completion of dockerception in fish: dockerception completion fish | source
function __dockerception_complete
    set -l current (commandline -ct | string unescape)
    set -l words (commandline -opc)
    set -l lines (dockerception __complete $words[2..] "$current" 2>/dev/null)
    set -l prefix (string match -r -- '^--[^=]*=' "$current")
    set -l rest (string replace -r -- '^--[^=]*=' '' "$current")
    for line in $lines[2..]
        echo $line
    end
    switch "$lines[1]"
        case file
            for path in (__fish_complete_path "$rest")
                echo "$prefix$path"
            end
        case folder
            for path in (__fish_complete_directories "$rest" '')
                echo "$prefix$path"
            end
    end
end
complete -c dockerception -f -a '(__dockerception_complete)'
`,
};

/** @throws DockerceptionError of kind usage unless one shell is named. */
export function completionScript(operands: readonly string[]): string {
  const [name = '', ...others] = operands;
  const shell = SHELLS.find((one) => one === name);
  const known = `the shells are ${SHELLS.join(', ')}`;
  if (name === '') throw usage('completion needs the name of a shell', known);
  if (others.length > 0)
    throw usage(`completion takes one shell, not ${operands.length}: ${operands.join(' ')}`, known);
  if (shell === undefined) throw usage(`there is no completion for '${name}'`, known);
  return SCRIPTS[shell];
}
