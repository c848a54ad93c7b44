-- What Neovim gets from the server, as JSON: run by test_neovim.py.
local buffer = vim.api.nvim_get_current_buf()
local report = {}

local function wait(condition)
  if not vim.wait(20000, condition, 20) then
    error("nothing came in 20 s")
  end
end

local function ask(method, line, column, arguments)
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    position = { line = line, character = column },
  }
  params = vim.tbl_extend("force", params, arguments or {})
  local answers = vim.lsp.buf_request_sync(buffer, method, params, 20000)
  for _, answer in pairs(answers) do
    return answer.result
  end
end

wait(function() return #vim.lsp.get_clients({ bufnr = buffer, name = "archspec" }) > 0 end)
wait(function() return #vim.diagnostic.get(buffer) > 0 end)
local found = vim.diagnostic.get(buffer)[1]
report.diagnostic = { found.code, found.lnum, found.col, found.end_col }

local line = vim.api.nvim_buf_get_lines(buffer, found.lnum, found.lnum + 1, true)[1]
vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
vim.lsp.buf.code_action({ apply = true })
wait(function() return vim.api.nvim_buf_get_lines(buffer, found.lnum, found.lnum + 1, true)[1] ~= line end)
report.fixed = vim.api.nvim_buf_get_lines(buffer, found.lnum, found.lnum + 1, true)[1]
wait(function() return #vim.diagnostic.get(buffer) == 0 end)

report.hover = ask("textDocument/hover", found.lnum, 3).contents.value
wait(function() return #vim.lsp.inlay_hint.get({ bufnr = buffer }) > 0 end)
report.hints = {}
for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = buffer })) do
  table.insert(report.hints, hint.inlay_hint.label)
end

vim.api.nvim_win_set_cursor(0, { found.lnum + 1, 3 })
vim.lsp.buf.rename("first")
wait(function() return vim.api.nvim_buf_get_lines(buffer, found.lnum, found.lnum + 1, true)[1] ~= report.fixed end)
report.text = vim.api.nvim_buf_get_lines(buffer, 0, -1, true)

vim.fn.writefile({ vim.json.encode(report) }, vim.env.REPORT)
vim.cmd("qall!")
