package coder

import (
	"context"
	"fmt"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// Lane is one sequence of a worker's session, lent to one job at a time. Its methods may be called
// by that job only.
type Lane struct {
	worker  *Worker
	index   int
	window  *kvcache.Window
	started bool // the job has begun a chunk
	feed    lm.Feed
	logits  lm.Row    // answer to feed
	row     int       // its number in the session
	weighed bool      // the job codes with rows of sums, if the session has them
	block   int       // whose weights the job waits for; -1: it waits for logits
	weights []uint32  // answer to block
	mix     mix.Coder // the tables of Mix, kept for later jobs
	mixed   *MixCoder // whose chunk they are of
	advisor *advisor  // kept for later jobs

	resume  func() (struct{}, bool) // continues the job up to its next request; false: it has ended
	stop    func()                  // makes the job's request fail, and waits for the job's end
	yield   func(struct{}) bool     // hands over to the worker; false: stopped
	jobErr  error
	stopErr error // what requests return once the job has been stopped
}

// Index is the lane's number in its worker, from 0.
func (l *Lane) Index() int { return l.index }

// Model is the worker's model, nil if it has none.
func (l *Lane) Model() lm.Model { return l.worker.model }

// Context is that of the worker's Run: jobs look at it.
func (l *Lane) Context() context.Context { return l.worker.ctx }

// Vocabulary is that of the worker's model. It returns ErrNoModel if there is none.
func (l *Lane) Vocabulary() (*Vocabulary, error) { return l.worker.vocabularyOnce() }

// Start begins a chunk: the window starts afresh with BOS and the last tokens of the primer
// (kvcache.Window.Prime). The result is the row of logits for the first token of the chunk, valid
// until the lane's next call.
func (l *Lane) Start(p kvcache.Policy, primer []int32) (lm.Row, error) {
	if l.worker.session == nil {
		return lm.Row{}, codec.ErrNoModel
	}
	if p.Window > l.worker.window {
		return lm.Row{}, fmt.Errorf("%w: window of %d tokens in a session of %d", kvcache.ErrPolicy, p.Window, l.worker.window)
	}
	if l.window == nil || l.window.Policy() != p {
		w, err := kvcache.NewWindow(p, l.worker.model.BOS())
		if err != nil {
			return lm.Row{}, err
		}
		l.window = w
	}
	l.started = true
	return l.ask(0, l.window.Prime(primer))
}

// Predict adds the token to the window, feeds what the window says, and returns the row of logits
// for the token after it, valid until the lane's next call. The chunk must have been started.
func (l *Lane) Predict(token int32) (lm.Row, error) {
	if !l.started {
		return lm.Row{}, errNotStarted
	}
	return l.ask(l.window.Next(token))
}

// Tokens are the tokens that the window holds, BOS first: a view that is valid until the lane's
// next call.
func (l *Lane) Tokens() []int32 { return l.window.Tokens() }

// Spend counts the cost of a coded token, in 2^-kvcache.BitFraction bits, towards the next reset of
// kvcache.EqualInfo.
func (l *Lane) Spend(cost uint64) { l.window.Spend(cost) }

// Rollback forgets the last n tokens (kvcache.Window.Rollback). The next Predict goes on from the
// token before them.
func (l *Lane) Rollback(n int) error { return l.window.Rollback(n) }

// ask suspends the job until the worker has evaluated the feed.
func (l *Lane) ask(pos int, tokens []int32) (lm.Row, error) {
	if l.stopErr != nil {
		return lm.Row{}, l.stopErr
	}
	if l.worker.running != l {
		return lm.Row{}, ErrStopped // a coder was kept, and is used by another lane's job or by none
	}
	l.feed, l.block = lm.Feed{Lane: l.index, Pos: pos, Tokens: tokens}, -1
	if !l.yield(struct{}{}) {
		return lm.Row{}, l.stopErr
	}
	return l.logits, nil
}

// Weights suspends the job until the worker has the weights of a block of its row of sums. They are
// valid until the lane's next call.
func (l *Lane) Weights(block int) ([]uint32, error) {
	if l.stopErr != nil {
		return nil, l.stopErr
	}
	if l.worker.running != l {
		return nil, ErrStopped
	}
	if l.block = block; !l.yield(struct{}{}) {
		return nil, l.stopErr
	}
	return l.weights, nil
}
