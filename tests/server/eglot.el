;;; Drives Emacs' own client, Eglot, through one file: diagnostics, hover, an action applied.  -*- lexical-binding: t -*-
;; Takes its orders from the environment and writes what it saw as JSON.

(require 'package)
(package-initialize)
(require 'eglot)
(require 'json)

(defconst deadline (string-to-number (getenv "SCRAM_TEST_DEADLINE")))

(defun wait-for (what met)
  "Let the server's words in until MET gives something, and hand that on; say that WHAT never came at the deadline."
  (let ((end (+ (float-time) deadline)) answer)
    (while (not (setq answer (funcall met)))
      (when (> (float-time) end)
        (error "No %s" what))
      (accept-process-output nil 0.05))
    answer))

;; What the README says, but for the name of the command, which lies beside this Python.
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               `((python-mode python-ts-mode) . (,(getenv "SCRAM_TEST_PYTHON") "-m" "scram_lsp.cli.serve"))))

(setq eglot-sync-connect deadline
      eglot-autoshutdown nil
      project-find-functions (list (lambda (_) (cons 'transient (getenv "SCRAM_TEST_ROOT"))))
      flymake-no-changes-timeout 0.1)

(find-file (expand-file-name "train.py" (getenv "SCRAM_TEST_ROOT")))
(eglot-ensure)
(run-hooks 'post-command-hook)          ; without a keyboard no command ends, after which Eglot connects
(wait-for "server" #'eglot-current-server)
(flymake-start)

(let* ((diagnostic (wait-for "diagnostic" (lambda () (car (flymake-diagnostics)))))
       (place (flymake-diagnostic-beg diagnostic))
       (end (flymake-diagnostic-end diagnostic))
       (line (line-number-at-pos place))
       (server (eglot-current-server))
       (hover (progn
                (goto-char place)
                (jsonrpc-request server :textDocument/hover (eglot--TextDocumentPositionParams) :timeout deadline)))
       (actions (eglot-code-actions place end "quickfix" nil))
       (action (elt actions 0))
       (edit (plist-get (if (plist-get action :edit) action (jsonrpc-request server :codeAction/resolve action)) :edit)))
  (eglot--apply-workspace-edit edit)
  (eglot--signal-textDocument/didChange) ; else it waits for an idle keyboard
  (wait-for "clean buffer" (lambda () (not (flymake-diagnostics))))
  (let ((seen `((line . ,line)
                (said . ,(flymake-diagnostic-text diagnostic))
                (hover . ,(plist-get (plist-get hover :contents) :value))
                (action . ,(plist-get action :title))
                (text . ,(buffer-substring-no-properties (point-min) (point-max))))))
    (with-temp-file (getenv "SCRAM_TEST_OUTPUT")
      (insert (json-encode seen))))
  (set-buffer-modified-p nil)
  (eglot-shutdown server))
