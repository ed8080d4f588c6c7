/** The command line of the language server. Free of `vscode`. */

/** What to start, and where. */
export interface ServerCommand {
  readonly command: string;
  readonly args: string[];
  readonly options: { readonly cwd: string };
}

/**
 * The server under `python`. It runs in `folder`, the extension's own: `-m` puts the working folder first on the
 * module path, and a file of the workspace must not stand in for a module of ours.
 */
export function serverCommand(python: string, folder: string): ServerCommand {
  return { command: python, args: ["-m", "scram_lsp.cli.serve"], options: { cwd: folder } };
}
