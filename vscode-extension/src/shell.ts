/** Command lines for a terminal, and whether its shell waits for one. Free of `vscode`. */

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

/** Whether a process is the one that its terminal listens to, by its group and the terminal's, as `ps` writes them. */
export function isForeground(groups: string): boolean {
  const [own, foreground] = groups.trim().split(/\s+/);
  return own === foreground;
}
