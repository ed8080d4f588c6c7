/** How the language server is started. Free of `vscode`, so that it can be tested without an editor. */

export interface ServerCommand {
  command: string;
  args: string[];
}

const SERVER_MODULE = "scram_lsp.cli.serve";
const DEFAULT_INTERPRETER = "python3";

/** The command line of the server under `interpreter`, the user's setting, which may be empty. */
export function serverCommand(interpreter: string): ServerCommand {
  return { command: interpreter.trim() || DEFAULT_INTERPRETER, args: ["-m", SERVER_MODULE] };
}

/** What to tell a user whose server did not start: which interpreter was tried and what to do. */
export function startFailure(server: ServerCommand, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return (
    `scram could not start its language server with "${server.command}" (${reason}). ` +
    `Install it there ("${server.command} -m pip install scram-lsp"), or set scram.interpreter ` +
    "to the Python that has it."
  );
}
