package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"

	"github.com/lmz-go/lmz/cloud"
)

// Names in the database. The version is that of the steps below: what an older program has begun, a
// newer one may go on with as long as they mean the same.
const (
	application = "lmz-job"
	steps       = "1"
	workflow    = "archive" // makes an archive
	frameOf     = "frame"   // makes a frame of that of a huge source

	queueName  = "archives" // of what compresses
	splitQueue = "huge"     // of archives whose frames are in the other one: these wait for them

	polling = 50 * time.Millisecond
)

// engine is a process that works on archives.
type engine struct {
	dbos.Context
	queue, splits dbos.Queue
}

// openEngine starts working: what this worker was at when it was killed, and what is queued, atOnce
// at a time. Without the name of a worker it only puts archives into the database.
func openEngine(ctx context.Context, db, worker string, atOnce int) (*engine, error) {
	url, err := databaseURL(db)
	if err == nil && db == "" {
		err = os.MkdirAll(filepath.Dir(strings.TrimPrefix(url, "sqlite:")), 0o700)
	}
	if err != nil {
		return nil, err
	}
	conflict := dbos.QueueConflictUpdateIfLatestVersion
	only := worker == ""
	if only { // how many are worked on at once is kept with the queue: leave it to the workers
		worker, conflict = rand.Text(), dbos.QueueConflictNeverUpdate
	}
	c, err := dbos.NewContext(context.WithoutCancel(ctx), dbos.Config{
		AppName: application, DatabaseURL: url, ApplicationVersion: steps, ExecutorID: worker, Logger: quiet(),
	})
	if err != nil {
		return nil, databaseError(url, err)
	}
	e := &engine{Context: c}
	const often = 1_000_000 // a machine may be killed any number of times
	dbos.RegisterWorkflow(c, e.archiveWorkflow, dbos.WithWorkflowName(workflow), dbos.WithMaxRecoveryAttempts(often))
	dbos.RegisterWorkflow(c, frameWorkflow, dbos.WithWorkflowName(frameOf), dbos.WithMaxRecoveryAttempts(often))
	for name, q := range map[string]*dbos.Queue{queueName: &e.queue, splitQueue: &e.splits} {
		if *q, err = dbos.RegisterQueue(c, name, dbos.WithWorkerConcurrency(atOnce), dbos.WithQueueBasePollingInterval(polling),
			dbos.WithQueueOnConflict(conflict)); err != nil {
			return nil, err
		}
	}
	if only {
		dbos.ListenQueues(c, "none")
	}
	if err := dbos.Launch(c); err != nil {
		return nil, err
	}
	return e, nil
}

// close ends work. What is under way is not recorded, and is begun again by the next engine of this
// worker.
func (e *engine) close() { dbos.Shutdown(e.Context, time.Second) }

// quiet is a logger for the engine's errors that are not errors of a workflow; those are in the
// report.
func quiet() *slog.Logger {
	if os.Getenv("LMZ_JOB_DEBUG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

// databaseURL is that of --db, or of a file in the folder that this user's programs keep their
// state in.
func databaseURL(db string) (string, error) {
	if db != "" {
		if !strings.Contains(db, ":") {
			db = "sqlite:" + db
		}
		return db, nil
	}
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return "sqlite:" + filepath.Join(dir, "lmz", "jobs.db"), nil
}

// databaseError tells which database cannot be opened.
func databaseError(of string, err error) error {
	text := err.Error()
	if _, why, ok := strings.Cut(text, "DBOS Transact: "); ok {
		text = why
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(of, "sqlite:"), "?")
	if u, err := url.Parse(of); err == nil && u.Host != "" {
		name = u.Redacted()
	}
	return &usageError{fmt.Errorf("the database %s: %s", name, text), "--db says where it is"}
}

// id is that of the workflow of an archive: the same for the same sources and target, so that
// nothing is queued twice.
func (it *item) id(job string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", it.From, it.To)
	for _, s := range it.Sources {
		fmt.Fprintf(h, "%s\x00%s\x00", s.Key, s.Version)
		if it.Policy == remove { // it may be there again, with the same ETag
			fmt.Fprintf(h, "%d\x00", s.ModTime.Unix())
		}
	}
	return job + "/" + hex.EncodeToString(h.Sum(nil)[:16])
}

// enqueue puts archives into the database that are not there yet.
func (e *engine) enqueue(job string, all []*item) error {
	for _, it := range all {
		q := e.queue
		if it.Split {
			q = e.splits
		}
		if _, err := dbos.RunWorkflow(e, e.archiveWorkflow, *it, dbos.WithWorkflowID(it.id(job)), dbos.WithQueue(q)); err != nil {
			return err
		}
	}
	return nil
}

// archiveWorkflow makes one archive. Each step may have been done before by a process that was
// killed before that was recorded.
func (e *engine) archiveWorkflow(ctx dbos.Context, it item) (r *record, err error) {
	worker := ctx.GetExecutorID()
	var frames []*item
	if it.Split {
		r, frames, err = e.split(ctx, &it)
	} else {
		r, err = step(ctx, "archive", func(ctx context.Context) (*record, error) { return it.archive(ctx, worker) })
	}
	if err != nil {
		return nil, err
	}
	proven, err := step(ctx, "prove", func(ctx context.Context) (proof, error) {
		return proof{time.Now().UTC().Truncate(time.Second), worker}, it.prove(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	r.VerifiedAt, r.VerifiedBy = proven.At, proven.By
	if len(frames) > 0 {
		if _, err := step(ctx, "sweep", func(ctx context.Context) (int, error) { return len(frames), removeAll(ctx, frames) }); err != nil {
			return nil, err
		}
	}
	r.Source, err = step(ctx, it.Policy, it.dispose)
	return r, err
}

type proof struct {
	At time.Time
	By string
}

// step is one that the engine tries again while its error may pass: for about ten minutes, such as
// a store takes to be back.
func step[R any](ctx dbos.Context, name string, do dbos.Step[R]) (R, error) {
	const retries = 12
	tries := 0
	told := func(ctx context.Context) (R, error) { // for what is else silent for minutes, as where a disk is full
		r, err := do(ctx)
		if tries++; err != nil && ctx.Err() == nil && tries <= retries && mayPass(err) {
			say("%v: it is tried again", err)
		}
		return r, err
	}
	return dbos.RunAsStep(ctx, told, dbos.WithStepName(name), dbos.WithStepMaxRetries(retries), dbos.WithStepBaseInterval(time.Second),
		dbos.WithStepMaxInterval(time.Minute), dbos.WithStepRetryPredicate(mayPass))
}

// mayPass says whether an error may be another one, or none, the next time.
func mayPass(err error) bool {
	for _, e := range []error{fs.ErrNotExist, fs.ErrPermission, cloud.ErrChanged, errExists, errors.ErrUnsupported, context.Canceled} {
		if errors.Is(err, e) {
			return false
		}
	}
	return true
}

// workerName is the name of --worker, or of the machine: under it, what was begun is gone on with
// after a restart.
func workerName(name string) string {
	if name == "" {
		name, _ = os.Hostname()
	}
	if name == "" {
		name = "local"
	}
	return name
}

func defaultAtOnce() int { return runtime.GOMAXPROCS(0) }
