/** The extension's own environment, made from the wheels inside it without a network. Free of `vscode`. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { pythonIn } from "./candidates";
import type { Interpreter } from "./inspect";
import { written } from "./version";

const run = promisify(execFile);

/** Where wheels and environments are. `version` is the extension's: each has an environment of its own. */
export interface BundlePlaces {
  readonly wheels: string;

  /** What runs a script with the packages of an environment, from within it. */
  readonly runner: string;
  readonly storage: string;
  readonly version: string;
  readonly platform: NodeJS.Platform;
}

/** What is used of an environment: its interpreter, and what runs a script by `base` with its packages. */
export interface OwnEnvironment {
  readonly python: string;
  readonly runner: string;
}

/** The environment for `base`, made when it is not there yet. Rejects with the reason when that fails. */
export async function ownEnvironment(base: Interpreter, places: BundlePlaces): Promise<OwnEnvironment> {
  const name = `scram-${places.version}-py${written(base.version)}`;
  const environment = join(places.storage, name);
  const python = pythonIn(environment, places.platform);
  if (!existsSync(python)) {
    await make(base, environment, places);
    await removeOlder(places.storage, `scram-${places.version}-`);
  }
  return { python, runner: join(environment, basename(places.runner)) };
}

/** Made under another name and moved when complete: a start that is broken off leaves nothing half made. */
async function make(base: Interpreter, environment: string, places: BundlePlaces): Promise<void> {
  const pip = (await readdir(places.wheels)).find((name) => name.startsWith("pip-"));
  if (pip === undefined) {
    throw new Error("this build of the extension carries no packages");
  }
  const part = `${environment}.part-${process.pid}`;
  await mkdir(places.storage, { recursive: true });
  await rm(part, { recursive: true, force: true });
  try {
    await run(base.path, ["-m", "venv", "--without-pip", part], { cwd: places.storage, windowsHide: true });
    const install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"];
    const from = ["--find-links", places.wheels, "--requirement", join(places.wheels, "requirements.txt")];
    const target = ["--python", pythonIn(part, places.platform)];
    await run(base.path, [join(places.wheels, pip, "pip"), ...target, ...install, ...from], {
      cwd: places.storage,
      windowsHide: true,
    });
    await copyFile(places.runner, join(part, basename(places.runner)));
    await rm(environment, { recursive: true, force: true });
    await rename(part, environment);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Environments of other versions of the extension. */
async function removeOlder(storage: string, ofThisVersion: string): Promise<void> {
  for (const name of await readdir(storage)) {
    if (name.startsWith("scram-") && !name.startsWith(ofThisVersion)) {
      await rm(join(storage, name), { recursive: true, force: true });
    }
  }
}
