/** The interpreter that the user chose in one of Microsoft's Python extensions, when there is one. */

import * as vscode from "vscode";

/** The little that is used of "ms-python.vscode-python-envs". */
interface PythonEnvironments {
  getEnvironment(scope: vscode.Uri | undefined): Promise<{ execInfo?: { run?: { executable?: string } } } | undefined>;
  onDidChangeEnvironment?: vscode.Event<unknown>;
}

/** The little that is used of "ms-python.python". */
interface PythonExtension {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** What an extension gives to others; undefined without it, and where it does not start, which it tells itself. */
async function exportsOf<Exports>(id: string): Promise<Exports | undefined> {
  const extension = vscode.extensions.getExtension<Exports>(id);
  try {
    return extension?.isActive ? extension.exports : await extension?.activate();
  } catch {
    return undefined;
  }
}

/** The chosen interpreter's path, or undefined without such an extension or choice. Starts the extension. */
async function chosenInterpreter(resource: vscode.Uri | undefined): Promise<string | undefined> {
  const environments = await exportsOf<PythonEnvironments>("ms-python.vscode-python-envs");
  const environment = await environments?.getEnvironment(resource);
  const executable = environment?.execInfo?.run?.executable;
  if (executable !== undefined) {
    return executable;
  }
  const python = await exportsOf<PythonExtension>("ms-python.python");
  if (python === undefined) {
    return undefined;
  }
  const active = python.environments.getActiveEnvironmentPath(resource);
  const resolved = await python.environments.resolveEnvironment(active);
  return resolved?.executable.uri?.fsPath;
}

const IDS = ["ms-python.vscode-python-envs", "ms-python.python"];

/** Where the choice of the last time is kept, for each workspace. */
const LAST = "interpreterChosen";

/**
 * The user's choice, without waiting for the extension that knows it: until that has started, the choice of the last
 * time holds. `changed` is called when another one is in force than was given.
 */
export class InterpreterChoice implements vscode.Disposable {
  private listener: vscode.Disposable | undefined;
  private given: string | undefined;
  private isDisposed = false;

  constructor(
    private readonly memory: vscode.Memento,
    private readonly changed: () => void,
  ) {}

  /** The chosen interpreter's path, or undefined without such an extension or choice. */
  async of(resource: vscode.Uri | undefined): Promise<string | undefined> {
    const known = isStarting() ? this.memory.get<string>(LAST) : undefined;
    this.given = known ?? (await this.ask(resource));
    void this.follow(resource, known !== undefined);
    return this.given;
  }

  dispose(): void {
    this.isDisposed = true;
    this.listener?.dispose();
  }

  private async ask(resource: vscode.Uri | undefined): Promise<string | undefined> {
    const path = await chosenInterpreter(resource);
    if (path !== this.memory.get<string>(LAST)) {
      await this.memory.update(LAST, path);
    }
    return path;
  }

  /** Look again whenever the extension tells of a choice; at once too, where nobody has waited for it. */
  private async follow(resource: vscode.Uri | undefined, atOnce: boolean): Promise<void> {
    const look = async (): Promise<void> => {
      if (!this.isDisposed && (await this.ask(resource)) !== this.given) {
        this.changed();
      }
    };
    if (this.listener === undefined) {
      this.listener = vscode.Disposable.from();
      this.listener = await onInterpreterChosen(() => void look());
      if (this.isDisposed) {
        this.listener.dispose();
      }
    }
    if (atOnce) {
      await look();
    }
  }
}

/** Whether one of the extensions is installed and does not answer yet. */
function isStarting(): boolean {
  return IDS.some((id) => vscode.extensions.getExtension(id)?.isActive === false);
}

/** Call `changed` whenever another interpreter is chosen. */
async function onInterpreterChosen(changed: () => void): Promise<vscode.Disposable> {
  const environments = await exportsOf<PythonEnvironments>("ms-python.vscode-python-envs");
  const python = await exportsOf<PythonExtension>("ms-python.python");
  return vscode.Disposable.from(
    ...[environments?.onDidChangeEnvironment?.(changed), python?.environments.onDidChangeActiveEnvironmentPath(changed)].filter(
      (each) => each !== undefined,
    ),
  );
}
