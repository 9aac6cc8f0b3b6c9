package coder_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

var testPolicy = kvcache.Policy{Reset: kvcache.Overlap, Window: 32, Overlap: 8}

// source hands out the jobs.
func source(jobs ...func(*coder.Lane) error) coder.Source {
	return func(bool) (func(*coder.Lane) error, bool) {
		if len(jobs) == 0 {
			return nil, false
		}
		job := jobs[0]
		jobs = jobs[1:]
		return job, true
	}
}

// newWorker makes a worker that is closed when the test ends, and checks that nothing is left
// behind.
func newWorker(t testing.TB, m *fakemodel.Model, lanes int) *coder.Worker {
	t.Helper()
	goroutines, sessions := runtime.NumGoroutine(), m.OpenSessions()
	w, err := coder.NewWorker(m, lanes, 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if n := m.OpenSessions(); n != sessions {
			t.Errorf("%d sessions open, %d before", n, sessions)
		}
		for range 100 {
			if runtime.NumGoroutine() <= goroutines {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
	})
	return w
}

// walk predicts along the tokens and keeps a digest of the logits.
func walk(tokens []int32, digest *[]float32) func(*coder.Lane) error {
	return func(l *coder.Lane) error {
		row, err := l.Start(testPolicy, tokens[:min(3, len(tokens))])
		for _, token := range tokens {
			if err != nil {
				return err
			}
			*digest = append(*digest, row.Float[token], row.Float[len(row.Float)-1])
			row, err = l.Predict(token)
		}
		return err
	}
}

func randomTokens(rng *rand.Rand, m lm.Model, n int) []int32 {
	tokens := make([]int32, n)
	for i := range tokens {
		tokens[i] = rng.Int32N(int32(len(m.Pieces())))
	}
	return tokens
}

// TestLanesDoNotMatter runs jobs of many lengths on 1, 3 and 64 lanes.
func TestLanesDoNotMatter(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	var want [][]float32
	for _, lanes := range []int{1, 3, 64} {
		w := newWorker(t, m, lanes)
		rng := rand.New(rand.NewPCG(1, 2))
		digests := make([][]float32, 50)
		var jobs []func(*coder.Lane) error
		for i := range digests {
			jobs = append(jobs, walk(randomTokens(rng, m, rng.IntN(200)), &digests[i]))
		}
		if err := w.Run(t.Context(), source(jobs...)); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = digests
		}
		for i := range digests {
			if !slices.Equal(digests[i], want[i]) {
				t.Errorf("%d lanes: job %d has other logits than on one lane", lanes, i)
			}
		}
	}
}

// TestLanesAreFilled checks that all lanes are at work, that an ended job is followed by the next
// while others go on, and that the source is waited for only when no lane has a job.
func TestLanesAreFilled(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	w := newWorker(t, m, 4)
	active, most, waits, given := 0, 0, 0, 0
	err := w.Run(t.Context(), func(wait bool) (func(*coder.Lane) error, bool) {
		if wait != (active == 0) {
			t.Errorf("wait is %v with %d jobs at work", wait, active)
		}
		if wait {
			waits++
		}
		if given == 20 || !wait && given%7 == 6 { // now and then there is no job yet
			return nil, false
		}
		given++
		n := given
		return func(l *coder.Lane) error {
			active++
			most = max(most, active)
			defer func() { active-- }()
			var digest []float32
			return walk(slices.Repeat([]int32{int32(n)}, n), &digest)(l)
		}, true
	})
	if err != nil || given != 20 || most != 4 || active != 0 {
		t.Errorf("%v; %d jobs given, up to %d at work, %d left", err, given, most, active)
	}
	if waits < 2 {
		t.Errorf("waited %d times", waits)
	}
}

func TestJobErrorEndsRun(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	w := newWorker(t, m, 3)
	errJob := errors.New("job failed")
	var stopped, digest []float32
	var others error
	err := w.Run(t.Context(), source(
		func(l *coder.Lane) error {
			others = walk(make([]int32, 1000), &stopped)(l)
			if _, err := l.Predict(1); !errors.Is(err, coder.ErrStopped) { // once more
				t.Errorf("a stopped lane predicts: %v", err)
			}
			return others
		},
		func(l *coder.Lane) error {
			if err := walk(make([]int32, 10), &digest)(l); err != nil {
				return err
			}
			return errJob
		},
	))
	if !errors.Is(err, errJob) || !errors.Is(others, coder.ErrStopped) {
		t.Errorf("run: %v, the other job: %v", err, others)
	}
	digest = nil
	if err := w.Run(t.Context(), source(walk(make([]int32, 10), &digest))); err != nil || len(digest) != 20 {
		t.Errorf("the worker cannot be used again: %v", err)
	}
}

func TestJobPanicPassesThrough(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	w := newWorker(t, m, 3)
	var digest []float32
	var other error
	defer func() {
		if p := recover(); p != "boom" {
			t.Errorf("recovered %v", p)
		}
		if !errors.Is(other, coder.ErrStopped) {
			t.Errorf("the other job: %v", other)
		}
	}()
	w.Run(t.Context(), source(
		func(l *coder.Lane) error { other = walk(make([]int32, 1000), &digest)(l); return other },
		func(l *coder.Lane) error { l.Start(testPolicy, nil); panic("boom") },
	))
	t.Error("no panic")
}

func TestCancel(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	w := newWorker(t, m, 3)
	ctx, cancel := context.WithCancel(t.Context())
	var seen []error
	forever := func(l *coder.Lane) error {
		row, err := l.Start(testPolicy, nil)
		for n := 0; err == nil; n++ {
			if n == 100 {
				cancel()
			}
			row, err = l.Predict(int32(n % len(row.Float)))
		}
		seen = append(seen, err)
		return err
	}
	if err := w.Run(ctx, source(forever, forever, forever, forever)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(seen) != 3 || slices.ContainsFunc(seen, func(e error) bool { return !errors.Is(e, context.Canceled) }) {
		t.Errorf("jobs saw %v", seen)
	}
	if err := w.Run(ctx, source(forever)); !errors.Is(err, context.Canceled) {
		t.Errorf("run with an ended context: %v", err)
	}
}

// TestSessionErrorEndsRun: after an error the session is closed and nothing else.
func TestSessionErrorEndsRun(t *testing.T) {
	m := &brittle{Model: fakemodel.New(fakemodel.Options{FailAt: 5})}
	w, err := coder.NewWorker(m, 2, 64)
	if err != nil {
		t.Fatal(err)
	}
	var digest []float32
	for range 2 {
		if err := w.Run(t.Context(), source(walk(make([]int32, 100), &digest))); !errors.Is(err, fakemodel.ErrFail) {
			t.Error(err)
		}
	}
	if m.decodes != 5 {
		t.Errorf("%d decodes, the fifth failed", m.decodes)
	}
	if err := w.Close(); err != nil || m.OpenSessions() != 0 {
		t.Errorf("%v, %d sessions open", err, m.OpenSessions())
	}
	if err := w.Run(t.Context(), source(walk(make([]int32, 100), &digest))); err == nil {
		t.Error("a closed worker runs")
	}
}

// brittle counts the decodes of its only session.
type brittle struct {
	*fakemodel.Model
	lm.Session
	decodes int
}

func (b *brittle) NewSession(lanes, window int) (s lm.Session, err error) {
	b.Session, err = b.Model.NewSession(lanes, window)
	return b, err
}

func (b *brittle) Decode(ctx context.Context, feeds []lm.Feed) error {
	b.decodes++
	return b.Session.Decode(ctx, feeds)
}

// TestRollback: what has been rolled back leaves no trace in the logits.
func TestRollback(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	w := newWorker(t, m, 1)
	policy := kvcache.Policy{Window: 64}
	rows := map[bool]string{}
	for _, detour := range []bool{false, true} {
		err := w.Run(t.Context(), source(func(l *coder.Lane) error {
			row, err := l.Start(policy, nil)
			for i := int32(0); err == nil && i < 40; i++ {
				row, err = l.Predict(i % 7)
				if detour && i%5 == 3 && err == nil {
					for range 3 {
						if _, err = l.Predict(200); err != nil {
							return err
						}
					}
					err = l.Rollback(3)
				}
			}
			rows[detour] = fmt.Sprint(row)
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows[true] != rows[false] {
		t.Error("rolled back tokens change the logits")
	}
}

func TestLaneMisuse(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	w := newWorker(t, m, 1)
	var digest []float32
	err := w.Run(t.Context(), source(walk(make([]int32, 3), &digest), func(l *coder.Lane) error {
		if _, err := l.Predict(1); err == nil || !strings.Contains(err.Error(), "before Start") {
			t.Errorf("Predict on the window of the job before: %v", err)
		}
		if _, err := l.Start(kvcache.Policy{Window: 65}, nil); !errors.Is(err, kvcache.ErrPolicy) {
			t.Errorf("window greater than the session's: %v", err)
		}
		if _, err := l.Start(kvcache.Policy{}, nil); !errors.Is(err, kvcache.ErrPolicy) {
			t.Errorf("no window: %v", err)
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

func TestWorkerWithoutModel(t *testing.T) {
	w, err := coder.NewWorker(nil, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	job := func(l *coder.Lane) error {
		ran++
		if _, err := l.Start(testPolicy, nil); !errors.Is(err, codec.ErrNoModel) {
			t.Errorf("Start: %v", err)
		}
		if _, err := coder.New(codec.LM, l, coder.Params{Window: testPolicy}); !errors.Is(err, codec.ErrNoModel) {
			t.Errorf("New: %v", err)
		}
		return nil
	}
	if err := w.Run(t.Context(), source(job, job, job)); err != nil || ran != 3 {
		t.Errorf("%v after %d jobs", err, ran)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkHandOver measures a job's request and its answer by a model that does nothing.
func BenchmarkHandOver(b *testing.B) {
	for _, lanes := range []int{1, 32} {
		b.Run(fmt.Sprint(lanes), func(b *testing.B) {
			w, err := coder.NewWorker(idle{fakemodel.New(fakemodel.Options{})}, lanes, 64)
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			n := 0
			job := func(l *coder.Lane) error {
				_, err := l.Start(testPolicy, nil)
				for ; err == nil && n < b.N; n++ {
					_, err = l.Predict(1)
				}
				return err
			}
			if err := w.Run(context.Background(), source(slices.Repeat([]func(*coder.Lane) error{job}, lanes)...)); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// idle is a model whose sessions do nothing.
type idle struct{ lm.Model }

func (idle) NewSession(int, int) (lm.Session, error) { return idle{}, nil }

func (idle) Decode(context.Context, []lm.Feed) error { return nil }
func (idle) Logits(int) lm.Row                       { return lm.Row{} }
func (idle) Close() error                            { return nil }
