package main

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
)

// pendingOutput is the temporary file of the run, if there is one now: a signal must remove it.
type pendingOutput struct {
	mu     sync.Mutex
	file   *renameio.PendingFile
	finish chan struct{} // closed by the first signal, if somebody wants to finish then
}

func (p *pendingOutput) create(o *output, opts ...renameio.Option) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := renameio.NewPendingFile(o.name, opts...)
	if err != nil {
		return err
	}
	p.file, o.staged, o.file = f, f, f.File
	return nil
}

func (p *pendingOutput) commit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.file.CloseAtomicallyReplace()
	if err == nil {
		p.file = nil
	}
	return err
}

func (p *pendingOutput) discard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file != nil {
		p.file.Cleanup()
		p.file = nil
	}
}

// handleSignals lets the process die of the signals that end one, after the unfinished output is removed. The sources
// are not touched before their outputs are complete, so nothing else needs to be done. SIGPIPE is among them because
// standard output or error may be closed while a file is being written.
func (p *pendingOutput) handleSignals(u *ui) {
	signals := make(chan os.Signal, 1)
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE} {
		if !signal.Ignored(sig) { // as nohup and a shell's background jobs want
			signal.Notify(signals, sig)
		}
	}
	go func() {
		for sig := range signals {
			if sig == syscall.SIGPIPE || !p.finishNow() {
				p.die(u, sig.(syscall.Signal))
			}
		}
	}()
}

// finishEarly gives a channel that the next signal that would end the process closes instead; the one after it ends it.
func (p *pendingOutput) finishEarly() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.finish == nil {
		p.finish = make(chan struct{})
	}
	return p.finish
}

// finishing says whether a signal has told somebody to finish.
func (p *pendingOutput) finishing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.finish: // nil: blocks
		return true
	default:
		return false
	}
}

// finishNow reports whether somebody has been told to finish, for the first time.
func (p *pendingOutput) finishNow() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.finish == nil {
		return false
	}
	select {
	case <-p.finish:
		return false
	default:
		close(p.finish)
		return true
	}
}

// die removes the unfinished output and ends the process by the signal.
func (p *pendingOutput) die(u *ui, sig syscall.Signal) {
	p.mu.Lock() // for ever: no output may appear any more
	if p.file != nil {
		p.file.Cleanup()
	}
	if sig != syscall.SIGPIPE { // whose reason may be that nobody reads messages
		u.mu.Lock() // for ever, too
		u.clearLine()
		// Die of the signal itself, so that a shell's loop over many files ends as well.
		signal.Reset(sig)
		syscall.Kill(os.Getpid(), sig)
		time.Sleep(100 * time.Millisecond)
	}
	os.Exit(128 + int(sig))
}

// diePiped is what becomes of a process whose output nobody reads any more, as in lmz -dc a.lmz | head: it ends without a
// word, unless it was started with SIGPIPE ignored. The signal and the write's error arrive in any order.
func (p *pendingOutput) diePiped(u *ui, err error) {
	if errors.Is(err, syscall.EPIPE) && !signal.Ignored(syscall.SIGPIPE) {
		p.die(u, syscall.SIGPIPE)
	}
}
