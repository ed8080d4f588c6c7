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

async function exportsOf<Exports>(id: string): Promise<Exports | undefined> {
  const extension = vscode.extensions.getExtension<Exports>(id);
  return extension === undefined ? undefined : extension.isActive ? extension.exports : extension.activate();
}

/** The chosen interpreter's path, or undefined without such an extension or choice. */
export async function chosenInterpreter(resource: vscode.Uri | undefined): Promise<string | undefined> {
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

/** Call `changed` whenever another interpreter is chosen. */
export async function onInterpreterChosen(changed: () => void): Promise<vscode.Disposable> {
  const environments = await exportsOf<PythonEnvironments>("ms-python.vscode-python-envs");
  const python = await exportsOf<PythonExtension>("ms-python.python");
  return vscode.Disposable.from(
    ...[environments?.onDidChangeEnvironment?.(changed), python?.environments.onDidChangeActiveEnvironmentPath(changed)].filter(
      (each) => each !== undefined,
    ),
  );
}
