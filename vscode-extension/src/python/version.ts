/** Versions of Python, and what scram-lsp asks of them. Free of `vscode`. */

export interface PythonVersion {
  readonly major: number;
  readonly minor: number;
}

/** The oldest Python that scram-lsp runs on. */
export const OLDEST: PythonVersion = { major: 3, minor: 10 };

export function isAtLeast(version: PythonVersion, floor: PythonVersion): boolean {
  return version.major > floor.major || (version.major === floor.major && version.minor >= floor.minor);
}

export function written(version: PythonVersion): string {
  return `${version.major}.${version.minor}`;
}
