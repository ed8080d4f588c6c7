-- Drives Neovim's built-in client through one file: diagnostics, hover, an action applied, findings of a run.
-- Takes its orders from the environment and writes what it saw as JSON.
local function fail(what)
  io.stderr:write(what .. "\n")
  vim.cmd("cquit 1")
end

local python, root, output = vim.env.SCRAM_TEST_PYTHON, vim.env.SCRAM_TEST_ROOT, vim.env.SCRAM_TEST_OUTPUT
local deadline = tonumber(vim.env.SCRAM_TEST_DEADLINE) * 1000
local seen = {}

vim.cmd("edit " .. root .. "/train.py")
local client_id = vim.lsp.start_client({
  name = "scram",
  cmd = { python, "-m", "scram_lsp.cli.serve" },
  root_dir = root,
})
vim.bo.filetype = "python"
if not vim.lsp.buf_attach_client(0, client_id) then
  fail("the client did not attach")
end

local function wait_for(what, met)
  if not vim.wait(deadline, met, 20) then
    fail("no " .. what .. ": " .. vim.inspect(vim.diagnostic.get(0)))
  end
end

local function request(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, deadline)
  local answer = answers and answers[client_id]
  if not answer or answer.error then
    fail("no answer to " .. method .. ": " .. vim.inspect(answers))
  end
  return answer.result
end

wait_for("diagnostic", function()
  return #vim.diagnostic.get(0) == 1
end)
local diagnostic = vim.diagnostic.get(0)[1]
seen.diagnostic = { code = diagnostic.code, line = diagnostic.lnum, column = diagnostic.col, source = diagnostic.source }

if vim.env.SCRAM_TEST_SCRIPT then
  vim.fn.jobstart({ python, vim.env.SCRAM_TEST_SCRIPT })
  wait_for("finding of the run", function()
    for _, each in ipairs(vim.diagnostic.get(0)) do
      if each.source == "scram (run)" then
        seen.run = { code = each.code, line = each.lnum, message = each.message }
        return true
      end
    end
  end)
end

local place = { line = diagnostic.lnum, character = diagnostic.col + 1 }
local document = { uri = vim.uri_from_bufnr(0) }
seen.hover = request("textDocument/hover", { textDocument = document, position = place }).contents.value

local actions = request("textDocument/codeAction", {
  textDocument = document,
  range = { start = place, ["end"] = place },
  context = { diagnostics = {} },
})
local action = actions[1]
seen.action = action.title
if not action.edit then
  action = request("codeAction/resolve", action)
end
vim.lsp.util.apply_workspace_edit(action.edit, vim.lsp.get_client_by_id(client_id).offset_encoding)
wait_for("clean buffer", function()
  return #vim.diagnostic.get(0) == 0
end)
seen.text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")

local file = io.open(output, "w")
file:write(vim.fn.json_encode(seen))
file:close()
vim.lsp.stop_client(client_id)
vim.cmd("qall!")
