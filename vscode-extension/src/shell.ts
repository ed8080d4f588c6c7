/** Command lines for a terminal. Free of `vscode`. */

/** The words that run a script under watch. */
export function runArguments(python: string, script: string): string[] {
  return [python, "-m", "scram_lsp", "run", script];
}

/** Words as one line for the shell that a terminal opens: PowerShell on Windows, else a POSIX shell. */
export function quoted(words: readonly string[], platform: NodeJS.Platform): string {
  if (platform === "win32") {
    return `& ${words.map((word) => (/^[\w.:\\/-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`)).join(" ")}`;
  }
  return words.map((word) => (/^[\w.:/@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}
