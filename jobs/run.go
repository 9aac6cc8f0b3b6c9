package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/remote"
)

// options are what the flags say about a job.
type options struct {
	source, dest string
	db           string
	name         string // of the job
	worker       string
	atOnce       int
	level        int
	plan         string // file of plan --json
	levels       map[string]int
	policy       string
	pack         bool
	inventory    string
	enqueueOnly  bool
}

func (o *options) addDatabase(c *cobra.Command) {
	c.Flags().StringVar(&o.db, "db", "", "`DATABASE`: a file for SQLite, or postgres://… where several machines work (default ~/.local/state/lmz/jobs.db)")
}

func (o *options) addWorker(c *cobra.Command) {
	c.Flags().StringVar(&o.worker, "worker", "", "`NAME` of this worker, which must be the same after a restart, and no other's (default the name of the machine)")
	c.Flags().IntVarP(&o.atOnce, "at-once", "n", defaultAtOnce(), "`MANY` archives made at once (default one for each core)")
	ofMachine(c.Flags(), "at-once")
}

func (o *options) addPack(c *cobra.Command) {
	c.Flags().BoolVar(&o.pack, "pack", true, "put files below 128 KiB of a folder together, as a tar of up to 64 MiB")
}

func (o *options) checkWorker() error {
	if o.atOnce < 1 {
		return fmt.Errorf("--at-once %d: a worker makes at least 1 archive at once", o.atOnce)
	}
	return nil
}

// check finishes the options. args are SOURCE and DEST.
func (o *options) check(ctx context.Context, args []string) error {
	err := o.checkWorker()
	if err != nil {
		return err
	}
	if o.source, err = absolute(args[0]); err == nil {
		o.dest, err = absolute(args[1])
	}
	if err != nil {
		return err
	}
	if o.name == "" {
		o.name = jobName(o.source) + "-to-" + jobName(o.dest)
	}
	switch {
	case strings.Contains(o.name, "/"):
		return fmt.Errorf("--name %s: a name has no slash", o.name)
	case o.policy != keep && o.policy != tag && o.policy != remove:
		return fmt.Errorf("--source %s: it is keep, tag or delete", o.policy)
	case o.policy == tag && !strings.HasPrefix(o.source, "s3://"):
		return fmt.Errorf("--source tag: %s has no tags, only objects of S3 have: take keep or delete", args[0])
	}
	if err := checkLevel("--level", o.level); err != nil || o.plan == "" {
		return err
	}
	text, err := readAll(ctx, o.plan)
	if err != nil {
		return err
	}
	var p plan
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("%s is not a plan of lmz job plan --json: %w", o.plan, err)
	}
	o.levels = map[string]int{}
	var unpaid []string
	for _, k := range p.Kinds {
		if k.Level == nil {
			if k.Bytes > 0 {
				unpaid = append(unpaid, k.Kind)
			}
			continue
		}
		if err := checkLevel(o.plan+", "+k.Kind+":", *k.Level); err != nil {
			return err
		}
		o.levels[k.Kind] = *k.Level
	}
	if len(unpaid) > 0 {
		say("%s: no level pays for %s, which is archived at level %d all the same (--level)", o.plan, strings.Join(unpaid, ", "), o.level)
	}
	return nil
}

// levelOf is the level that a plan says for a name below the source, or that of --level where it
// says none.
func (o *options) levelOf(name string) int {
	if level, ok := o.levels[kindOf(name)]; ok {
		return level
	}
	return o.level
}

// absolute makes the name of a file or folder one for processes anywhere on the machine.
func absolute(name string) (string, error) {
	if remote.IsURL(name) {
		return name, nil
	}
	return filepath.Abs(remote.Path(name))
}

// jobName makes a part of a job's name of a folder or URL.
func jobName(of string) string {
	of, _ = remote.CutQuery(of)
	if _, key, ok := strings.Cut(of, "://"); ok {
		of = key
	}
	return strings.Trim(strings.NewReplacer("/", "-", ":", "-", `\`, "-").Replace(path.Clean(of)), "-")
}

func runCommand() *cobra.Command {
	o := &options{}
	c := &cobra.Command{
		Use:   "run SOURCE DEST",
		Short: "Archive all objects of a source",
		Long: `Archive all objects of a source, and wait until that is done. After a crash, run
it again: what is done is not done again. What is compressed already (.gz, .zst,
.lmz and the like) is left alone.`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(c.Context(), args); err != nil {
				return err
			}
			return o.run(c.Context())
		},
	}
	o.addDatabase(c)
	o.addWorker(c)
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "`NAME` of the job (default: made of SOURCE and DEST)")
	f.IntVarP(&o.level, "level", "l", 3, "`LEVEL` of lmz, 0 to 9")
	f.StringVar(&o.plan, "plan", "", "take the levels from this `FILE`, or object, of lmz job plan --json")
	f.StringVar(&o.policy, "source", keep, "`WHAT` becomes of a source when its archive is proven: keep, tag (lmz-archived=true; S3) or delete")
	o.addPack(c)
	f.StringVar(&o.inventory, "inventory", "", "take the objects from this `LIST`, a file or an object (CSV of S3 Inventory: bucket, key, size, time, ETag), not from the store")
	f.BoolVar(&o.enqueueOnly, "enqueue", false, "only put the objects into the database, for lmz job worker on other machines")
	return c
}

func (o *options) run(ctx context.Context) error {
	objects, base, err := list(ctx, o.source, o.inventory)
	if err != nil {
		return err
	}
	if err := addVersions(ctx, o.source, objects); err != nil {
		return err
	}
	in, err := o.present(ctx)
	if err != nil {
		return err
	}
	worker := ""
	if !o.enqueueOnly {
		worker = workerName(o.worker)
	}
	e, err := openEngine(ctx, o.db, worker, o.atOnce)
	if err != nil {
		return err
	}
	defer e.close()
	// Behind the lists: what others have put into the database meanwhile is known.
	before, unknown, err := e.history(o, objects)
	if err != nil {
		return err
	}
	if err := in.lookInto(ctx, o, unknown, base, before.archives); err != nil {
		return err
	}
	all, left := o.items(unknown, base, in)
	if err := e.enqueue(o.name, all); err != nil {
		return err
	}
	known := ""
	if n := len(objects) - len(unknown); n > 0 {
		known = fmt.Sprintf("%d are known from before, ", n)
		if before.open > 0 {
			known = fmt.Sprintf("%d are known from before and %d archives of them not done yet, ", n, before.open)
		}
	}
	say("%s: %d objects in %d archives, %s%d left alone since they are compressed", o.name, len(unknown)-left, len(all), known, left)
	if before.other > 0 {
		say("%s: %d sources stay as they are, since they were archived without --source %s: under another --name it is done to them, too, each compared with its archive",
			o.name, before.other, o.policy)
	}
	if o.enqueueOnly {
		return nil
	}
	return e.wait(ctx, o.name, before.over)
}

// addVersions asks for the versions of objects whose inventory has none.
func addVersions(ctx context.Context, source string, objects []cloud.Info) error {
	b, _, err := cloud.Open(ctx, source)
	if err != nil {
		return err
	}
	defer b.Close()
	for i := range objects {
		if err := addVersion(ctx, b, &objects[i]); err != nil {
			return err
		}
	}
	return nil
}

func addVersion(ctx context.Context, b cloud.Bucket, s *cloud.Info) (err error) {
	if s.Version == "" {
		*s, err = b.Stat(ctx, s.Key)
	}
	return err
}

// wait waits until nothing of a job, or of all if it has no name, is left to do. It counts
// failures, but for those of workflows that were over.
func (e *engine) wait(ctx context.Context, job string, over map[string]bool) error {
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("interrupted: the same command goes on")
		case <-time.After(300 * time.Millisecond):
		}
		// A database may have millions of archives that are done: they are counted once, at the
		// end.
		left, err := unfinished(e, job, dbos.WithFilterLimit(1))
		if err != nil {
			return err
		}
		if len(left) > 0 {
			continue
		}
		n, err := counts(e, job, over)
		if err == nil && n.Failed+n.Cancelled > 0 {
			err = failures{n.Failed, n.Cancelled}
		}
		return err
	}
}

func workerCommand() *cobra.Command {
	o := &options{}
	var drain bool
	c := &cobra.Command{
		Use:   "worker",
		Short: "Work on the jobs of a database, together with other machines",
		Long: `Work on the jobs of a database, together with other machines. A worker that was
killed goes on when it is started again under its name; lmz job resume gives
others what it was at.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.checkWorker(); err != nil {
				return err
			}
			e, err := openEngine(c.Context(), o.db, workerName(o.worker), o.atOnce)
			if err != nil {
				return err
			}
			defer e.close()
			if drain {
				return e.wait(c.Context(), "", nil)
			}
			<-c.Context().Done()
			return nil
		},
	}
	o.addDatabase(c)
	o.addWorker(c)
	c.Flags().BoolVar(&drain, "drain", false, "end when nothing is left to do; it fails if anything in the database has")
	return c
}
