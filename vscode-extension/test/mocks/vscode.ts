/** The parts of the vscode module that the tested modules use, as far as the tests look at them. */

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class ThemeIcon {
  constructor(
    readonly id: string,
    readonly color?: ThemeColor,
  ) {}
}

export class TreeItem {
  constructor(
    readonly label: string,
    readonly collapsibleState = 0,
  ) {}
}

export class Disposable {
  static from(...all: readonly Disposable[]): Disposable {
    return new Disposable(() => all.forEach((each) => each.dispose()));
  }

  constructor(readonly dispose: () => unknown) {}
}

export class EventEmitter<Value> {
  private readonly listeners: ((value: Value) => void)[] = [];
  readonly event = (listener: (value: Value) => void): Disposable => {
    this.listeners.push(listener);
    return new Disposable(() => this.listeners.splice(this.listeners.indexOf(listener), 1));
  };

  fire(value: Value): void {
    for (const listener of this.listeners) {
      listener(value);
    }
  }

  dispose(): void {
    this.listeners.length = 0;
  }
}

/** What was shown, and what the user answers. */
export const messages = { shown: [] as string[], answer: undefined as string | undefined };

function show(text: string): Promise<string | undefined> {
  messages.shown.push(text);
  return Promise.resolve(messages.answer);
}

/** A tab that was opened; `html` is all that was ever put into it. */
export class Panel {
  readonly html: string[] = [];
  isRevealed = false;
  private readonly disposed = new EventEmitter<undefined>();
  readonly onDidDispose = this.disposed.event;
  readonly webview = Object.defineProperty({}, "html", { set: (text: string) => this.html.push(text) });

  close(): void {
    this.disposed.fire(undefined);
  }

  reveal(): void {
    this.isRevealed = true;
  }

  dispose(): void {
    this.close();
  }
}

export const panels: Panel[] = [];

function createWebviewPanel(): Panel {
  const panel = new Panel();
  panels.push(panel);
  return panel;
}

export const Uri = { file: (path: string) => ({ fsPath: path }) };

export const ViewColumn = { Active: -1 };

export const window = { showErrorMessage: show, showInformationMessage: show, createWebviewPanel };

/** The installed extensions by their names. */
export const installed = new Map<string, object>();

export const extensions = { getExtension: (id: string) => installed.get(id) };
