/** A training run, watched from the editor: its finding, the Runs view, its curves. */

import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { inCode, until } from "./vscode.mjs";

/** Nothing in the source is wrong, so that what is shown comes from the run: a NaN in the data. */
const PROGRAM = `import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(512, 4)).astype("float32")
x[300, 2] = np.nan
y = (x[:, 0] > 0).astype("int32")

model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, validation_split=0.2)
`;

test("a run puts its finding on the line, is listed with it, and shows its curves", inCode("live", {}, async (code) => {
  const { page } = code;
  rmSync(code.path("notebook.ipynb"));
  writeFileSync(code.path("data.py"), PROGRAM);
  await code.open("data.py");
  await code.command("SCRAM: Run this File");
  await until("an error from the run", async () => (await code.squiggles("error").count()) > 0, 180_000);
  await code.picture("finding");

  await code.command("SCRAM: Focus on Runs View");
  const runs = page.locator(".pane-body .monaco-list-row", { hasText: "data.py" });
  await runs.first().waitFor();
  await page.locator(".pane-body .monaco-list-row", { hasText: "NaN" }).first().waitFor();
  await until("the run's end", async () => (await page.locator(".statusbar-item", { hasText: "epoch" }).count()) === 0);
  await code.picture("runs");

  await code.command("SCRAM: Show Curves of a Run");
  await page.locator(".tab", { hasText: "Run of data.py" }).waitFor();
  await code.picture("curves");

  await page.locator(".pane-body .monaco-list-row", { hasText: "NaN" }).first().click();
  await page.locator('.tab[data-resource-name="data.py"].active').waitFor();
  await code.goTo(6, 1);
  await page.keyboard.press("Control+Shift+k");
  await until("no error once the line is gone", async () => (await code.squiggles("error").count()) === 0);
}));
