package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/spf13/cobra"
)

// progress is where a job is.
type progress struct {
	Job          string    `json:"job"`
	Archives     int       `json:"archives"`
	Waiting      int       `json:"waiting"`
	Running      int       `json:"running"`
	Done         int       `json:"done"`
	Failed       int       `json:"failed"`
	Cancelled    int       `json:"cancelled"`
	Bytes        int64     `json:"bytes"`         // of all sources
	DoneBytes    int64     `json:"done_bytes"`    // of the sources of archives, and of frames of huge ones, that are done
	ArchiveBytes int64     `json:"archive_bytes"` // of these archives and frames
	BytesSecond  float64   `json:"bytes_per_second,omitempty"`
	End          time.Time `json:"estimated_end,omitzero"`
	Failures     []failure `json:"failures,omitempty"`
}

type failure struct {
	Archive string `json:"archive"`
	Error   string `json:"error"`
}

func (p *progress) open() int { return p.Waiting + p.Running }

func (p *progress) add(s dbos.WorkflowStatusType) {
	p.Archives++
	switch s {
	case dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed:
		p.Waiting++
	case dbos.WorkflowStatusPending:
		p.Running++
	case dbos.WorkflowStatusSuccess:
		p.Done++
	case dbos.WorkflowStatusCancelled:
		p.Cancelled++
	default:
		p.Failed++
	}
}

// workflows gives those that make the archives of a job, or of all jobs.
func workflows(c dbos.Client, job string, opts ...dbos.ListWorkflowsOption) ([]dbos.WorkflowStatus, error) {
	return named(c, workflow, job, opts...)
}

// named gives the workflows of a name.
func named(c dbos.Client, name, job string, opts ...dbos.ListWorkflowsOption) ([]dbos.WorkflowStatus, error) {
	opts = append([]dbos.ListWorkflowsOption{
		dbos.WithFilterName(name), dbos.WithFilterLoadInput(true), dbos.WithFilterLoadOutput(true),
	}, opts...)
	if job != "" {
		opts = append(opts, dbos.WithFilterWorkflowIDPrefix(job+"/"))
	}
	return dbos.ListWorkflows(c, opts...)
}

// pageSize is how many workflows are asked for at once.
var pageSize = 5000

// each goes through the workflows of a name in the order in which they began, a page at a time: a
// database may have millions. It is for options under which one stays listed whatever becomes of
// it.
func each(c dbos.Client, name, job string, opts ...dbos.ListWorkflowsOption) iter.Seq2[dbos.WorkflowStatus, error] {
	return func(yield func(dbos.WorkflowStatus, error) bool) {
		size := pageSize
		last := map[string]bool{} // those of the millisecond that the next page begins with
		for from := (time.Time{}); ; {
			page := append(opts[:len(opts):len(opts)], dbos.WithFilterLimit(size))
			if !from.IsZero() {
				page = append(page, dbos.WithFilterCreatedAfter(from)) // or at that time
			}
			list, err := named(c, name, job, page...)
			if err != nil {
				yield(dbos.WorkflowStatus{}, err)
				return
			}
			progress := false
			for _, w := range list {
				if last[w.ID] {
					continue
				}
				if !w.CreatedAt.Equal(from) {
					from, progress = w.CreatedAt, true
					clear(last)
				}
				last[w.ID] = true
				if !yield(w, nil) {
					return
				}
			}
			if len(list) < size {
				return
			}
			if !progress {
				size *= 2
			}
		}
	}
}

// counts says how many archives are in which state, without some.
func counts(c dbos.Client, job string, without map[string]bool) (p progress, err error) {
	for w, err := range each(c, workflow, job, dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false)) {
		if err != nil {
			return p, err
		}
		if !without[w.ID] {
			p.add(w.Status)
		}
	}
	return p, nil
}

// unfinished gives the archives of a job that wait or run, without what they are made of.
func unfinished(c dbos.Client, job string, opts ...dbos.ListWorkflowsOption) ([]dbos.WorkflowStatus, error) {
	return workflows(c, job, append([]dbos.ListWorkflowsOption{dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false),
		dbos.WithFilterStatus(dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed, dbos.WorkflowStatusPending)}, opts...)...)
}

// withClient opens a database for what looks into it.
func withClient(ctx context.Context, db string, do func(dbos.Client) error) error {
	url, err := databaseURL(db)
	if err != nil {
		return err
	}
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok && db != "" {
		path, _, _ = strings.Cut(path, "?")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return &usageError{fmt.Errorf("there is no database %s", path), "lmz job run makes it; --db says where it is"}
		}
	}
	c, err := dbos.NewClient(ctx, dbos.ClientConfig{DatabaseURL: url, Logger: quiet()})
	if err != nil && strings.Contains(err.Error(), "skipMigrations") { // which clients leave to workers
		if text := err.Error(); strings.Contains(text, "does not exist") || strings.Contains(text, "schema version 0,") {
			return errNoJobs
		}
		return fmt.Errorf("%s was made by another version of lmz job: lmz job run brings it up to date", url)
	}
	if err != nil {
		return databaseError(url, err)
	}
	defer dbos.Shutdown(c, time.Second)
	return do(c)
}

var errNoJobs = errors.New("there are no jobs yet: lmz job run SOURCE DEST begins one")

// withJob is withClient for a job, which must be there, or for all of them if it has no name.
func withJob(ctx context.Context, db, job string, do func(dbos.Client) error) error {
	return withClient(ctx, db, func(c dbos.Client) error {
		bare := []dbos.ListWorkflowsOption{dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false)}
		one, err := workflows(c, job, append(bare, dbos.WithFilterLimit(1))...)
		if err != nil {
			return err
		}
		if len(one) > 0 || job == "" {
			return do(c)
		}
		names := map[string]bool{}
		for w, err := range each(c, workflow, "", bare...) {
			if err != nil {
				return err
			}
			name, _, _ := strings.Cut(w.ID, "/")
			names[name] = true
		}
		if len(names) == 0 {
			return errNoJobs
		}
		return fmt.Errorf("there is no job %s: the jobs are %s", job, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
	})
}

// as decodes what the engine has kept as JSON.
func as[T any](v any) (t T, err error) {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return t, err
		}
		text = string(b)
	}
	err = json.Unmarshal([]byte(text), &t)
	return t, err
}

// jobs sums up the jobs of a database.
func jobs(c dbos.Client, job string, now time.Time) ([]*progress, error) {
	byName := map[string]*progress{}
	began := map[string]time.Time{}
	open := map[string]bool{} // archives that are not done
	for w, err := range each(c, workflow, job) {
		if err != nil {
			return nil, err
		}
		if w.Status == dbos.WorkflowStatusPending || w.Status == dbos.WorkflowStatusEnqueued {
			open[w.ID] = true
		}
		name, _, _ := strings.Cut(w.ID, "/")
		p := byName[name]
		if p == nil {
			p = &progress{Job: name}
			byName[name] = p
		}
		p.add(w.Status)
		it, err := as[item](w.Input)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.ID, err)
		}
		p.Bytes += it.size()
		if w.Status == dbos.WorkflowStatusSuccess {
			r, err := as[record](w.Output)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.ID, err)
			}
			p.DoneBytes += it.size()
			p.ArchiveBytes += r.ArchiveBytes
		}
		if w.Error != nil {
			p.Failures = append(p.Failures, failure{it.To, w.Error.Error()})
		}
		if t := began[name]; !w.StartedAt.IsZero() && (t.IsZero() || w.StartedAt.Before(t)) {
			began[name] = w.StartedAt
		}
	}
	for _, p := range byName {
		if p.open() == 0 {
			continue
		}
		if err := p.addFrames(c, open); err != nil {
			return nil, err
		}
	}
	var list []*progress
	for name, p := range byName {
		if t := began[name]; p.open() > 0 && p.DoneBytes > 0 && now.After(t) {
			p.BytesSecond = float64(p.DoneBytes) / now.Sub(t).Seconds()
			p.End = now.Add(time.Duration(float64(p.Bytes-p.DoneBytes) / p.BytesSecond * 1e9)).Truncate(time.Second)
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *progress) int { return cmp.Compare(a.Job, b.Job) })
	return list, nil
}

// addFrames counts the frames that are done of archives that are not.
func (p *progress) addFrames(c dbos.Client, open map[string]bool) error {
	for w, err := range each(c, frameOf, p.Job, dbos.WithFilterStatus(dbos.WorkflowStatusSuccess)) {
		if err != nil {
			return err
		}
		if !open[path.Dir(w.ID)] {
			continue
		}
		r, err := as[record](w.Output)
		if err != nil {
			return fmt.Errorf("%s: %w", w.ID, err)
		}
		p.DoneBytes += r.Bytes
		p.ArchiveBytes += r.ArchiveBytes
	}
	return nil
}

func statusCommand() *cobra.Command {
	o := &options{}
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [JOB]",
		Short: "Say where jobs are",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			job := strings.Join(args, "")
			err := withJob(cmd.Context(), o.db, job, func(c dbos.Client) error {
				list, err := jobs(c, job, time.Now())
				switch {
				case err != nil:
					return err
				case asJSON:
					return printJSON(append([]*progress{}, list...))
				case len(list) == 0:
					return errNoJobs
				}
				return printStatus(list)
			})
			if errors.Is(err, errNoJobs) && job == "" { // which is where they are
				if asJSON {
					return printJSON([]*progress{})
				}
				say("%v", err)
				err = nil
			}
			return err
		},
	}
	o.addDatabase(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printStatus(list []*progress) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "job\tarchives\twaiting\trunning\tdone\tfailed\tMB\tdone MB\tratio\tMB/s\tend")
	for _, p := range list {
		ratio, end := "-", "-"
		if p.ArchiveBytes > 0 {
			ratio = fmt.Sprintf("%.2f", float64(p.DoneBytes)/float64(p.ArchiveBytes))
		}
		if !p.End.IsZero() {
			end = p.End.Format("2006-01-02 15:04:05")
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%.1f\t%.1f\t%s\t%.2f\t%s\n", p.Job, p.Archives, p.Waiting, p.Running, p.Done,
			p.Failed+p.Cancelled, float64(p.Bytes)/1e6, float64(p.DoneBytes)/1e6, ratio, p.BytesSecond/1e6, end)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, p := range list {
		for _, f := range p.Failures {
			fmt.Printf("failed: %s: %s\n", f.Archive, f.Error)
		}
	}
	return nil
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func resumeCommand() *cobra.Command {
	o := &options{}
	c := &cobra.Command{
		Use:   "resume JOB",
		Short: "Try again what failed, was cancelled, or has lost its worker",
		Long: `Try again what failed or was cancelled, and what workers that are gone were at:
all that is neither done nor waiting goes back into the queue. A worker that is
there after all notices that it has lost the archive.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withJob(cmd.Context(), o.db, args[0], func(c dbos.Client) error { return resume(cmd.Context(), c, args[0]) })
		},
	}
	o.addDatabase(c)
	return c
}

func resume(ctx context.Context, c dbos.Client, job string) error {
	n := 0
	for w, err := range each(c, workflow, job, dbos.WithFilterLoadOutput(false)) {
		if err != nil {
			return err
		}
		switch w.Status {
		case dbos.WorkflowStatusSuccess, dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed:
			continue
		}
		it, err := as[item](w.Input)
		queue, anew := queueName, false
		if err == nil && it.Split {
			queue = splitQueue
			anew, err = resumeFrames(ctx, c, w, &it)
		}
		if err == nil {
			err = again(c, w, queue, anew)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.ID, err)
		}
		n++
	}
	say("%d archives go back into the queue, for lmz job run or lmz job worker", n)
	return nil
}

// resumeFrames puts the frames of an archive back into the queue that are not done, or are no
// longer there; if so, the archive is to forget them.
func resumeFrames(ctx context.Context, c dbos.Client, archive dbos.WorkflowStatus, it *item) (gone bool, err error) {
	joined, err := versionOf(ctx, it.To)
	if err != nil {
		return false, err
	}
	all, err := named(c, frameOf, archive.ID)
	for _, w := range all {
		anew := false
		switch w.Status {
		case dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed:
			continue
		case dbos.WorkflowStatusSuccess:
			if archive.Status == dbos.WorkflowStatusPending || joined != "" {
				continue
			}
			f, err := as[item](w.Input)
			r, failed := as[record](w.Output)
			if err = errors.Join(err, failed); err != nil {
				return false, err
			}
			switch is, err := versionOf(ctx, f.To); {
			case err != nil:
				return false, err
			case is == r.Version:
				continue
			}
			anew, gone = true, true
		}
		if err := again(c, w, queueName, anew); err != nil {
			return false, err
		}
	}
	return gone, err
}

// again puts a workflow back into a queue. It goes on behind the steps that are done, unless it is
// to begin anew.
func again(c dbos.Client, w dbos.WorkflowStatus, queue string, anew bool) error {
	if !anew && w.Status != dbos.WorkflowStatusError {
		_, err := dbos.ResumeWorkflow[*record](c, w.ID, dbos.WithResumeQueue(queue))
		return err
	}
	from := 0
	if !anew {
		done, err := dbos.GetWorkflowSteps(c, w.ID)
		if err != nil {
			return err
		}
		for _, s := range done {
			if from = s.StepID; s.Error != nil {
				break
			}
			from++
		}
	}
	_, err := dbos.RewindWorkflow[*record](c, w.ID, dbos.WithRewindQueue(queue), dbos.WithRewindStartStep(uint(from)))
	return err
}

func cancelCommand() *cobra.Command {
	o := &options{}
	c := &cobra.Command{
		Use:   "cancel JOB",
		Short: "Do no more of a job; archives that are done stay",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withJob(cmd.Context(), o.db, args[0], func(c dbos.Client) error { return cancel(cmd.Context(), c, args[0]) })
		},
	}
	o.addDatabase(c)
	return c
}

func cancel(ctx context.Context, c dbos.Client, job string) error {
	all, err := unfinished(c, job, dbos.WithFilterLoadInput(true))
	if err != nil || len(all) == 0 {
		return err
	}
	var ids []string
	for _, w := range all {
		ids = append(ids, w.ID)
	}
	if err := dbos.CancelWorkflows(c, ids, dbos.WithCancelChildren()); err != nil {
		return err
	}
	for _, w := range all {
		it, err := as[item](w.Input)
		if err == nil && it.Split {
			err = removeAll(ctx, it.divide(w.ID, make([]int64, it.frames()))) // whatever their ends are
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.ID, err)
		}
	}
	say("%d archives are cancelled: lmz job resume takes them up again", len(all))
	return nil
}
