package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/spf13/cobra"
)

// row is what the report says about one archive, with its error if there is none.
type row struct {
	record
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
}

// sourceBytes is how many bytes the sources have. A pack has those that are the same once, and what
// a tar has around them.
func (r *row) sourceBytes() (n int64) {
	for _, s := range r.Sources {
		n += s.Size
	}
	return n
}

// rows gives the report of a job, in the order of archives.
func rows(c dbos.Client, job string) (list []row, err error) {
	for w, err := range each(c, workflow, job) {
		if err != nil {
			return nil, err
		}
		it, err := as[item](w.Input)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.ID, err)
		}
		r := row{record: record{Sources: it.Sources, From: it.From, Archive: it.To, Level: it.Level}, Status: string(w.Status)}
		if w.Status == dbos.WorkflowStatusSuccess {
			done, err := as[record](w.Output)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.ID, err)
			}
			r.record = done
		}
		if w.Error != nil {
			r.Error = w.Error.Error()
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b row) int { return cmp.Compare(a.Archive, b.Archive) })
	return list, nil
}

func reportCommand() *cobra.Command {
	o := &options{}
	var asJSON bool
	c := &cobra.Command{
		Use:   "report JOB",
		Short: "List what a job did, a line for each source, for auditors",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withJob(cmd.Context(), o.db, args[0], func(c dbos.Client) error {
				list, err := rows(c, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(append([]row{}, list...))
				}
				return writeCSV(list)
			})
		},
	}
	o.addDatabase(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an entry for each archive")
	return c
}

func writeCSV(list []row) error {
	w := csv.NewWriter(os.Stdout)
	w.Write([]string{"source", "version", "bytes", "archive", "archive_version", "content_bytes", "archive_bytes", "ratio", "sha256", "archive_sha256",
		"level", "frames", "cpu_seconds", "worker", "verified_at", "verified_by", "source_is", "status", "error"})
	for _, r := range list {
		ratio, at := "", ""
		if r.ArchiveBytes > 0 {
			ratio = fmt.Sprintf("%.3f", float64(r.sourceBytes())/float64(r.ArchiveBytes)) // as status has it
			at = r.VerifiedAt.Format(time.RFC3339)
		}
		for i, s := range r.Sources {
			sum := r.SHA256
			if i < len(r.SourceSHA256) {
				sum = r.SourceSHA256[i]
			}
			w.Write([]string{s.Key, s.Version, strconv.FormatInt(s.Size, 10), r.Archive, r.Version, strconv.FormatInt(r.Bytes, 10),
				strconv.FormatInt(r.ArchiveBytes, 10), ratio, sum, r.ArchiveSHA256, strconv.Itoa(r.Level), strconv.Itoa(max(1, r.Frames)), fmt.Sprintf("%.2f", r.CPUSeconds),
				r.Worker, at, r.VerifiedBy, r.Source, r.Status, r.Error})
		}
	}
	w.Flush()
	return w.Error()
}
