package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/stream"
)

// plan is what archiving a source would give and cost.
type plan struct {
	Source      string      `json:"source"`
	Objects     int         `json:"objects"`
	Bytes       int64       `json:"bytes"`
	LeftAlone   int         `json:"left_alone"` // compressed already
	Assumptions assumptions `json:"assumptions"`
	Kinds       []*kind     `json:"kinds"`
}

type assumptions struct {
	CoreHour float64 `json:"dollars_per_core_hour"`
	TBMonth  float64 `json:"dollars_per_tb_month"` // of storage
	Cores    int     `json:"cores"`
	Months   int     `json:"months"` // that the archives are kept
	Sample   int64   `json:"sample_bytes"`
}

// kind is what has a folder and a suffix in common.
type kind struct {
	Kind    string     `json:"kind"`
	Objects int        `json:"objects"`
	Bytes   int64      `json:"bytes"`
	Level   int        `json:"level"` // recommended; 0: none pays
	Levels  []estimate `json:"levels"`
	all     []cloud.Info
}

// estimate is what a level gives, by samples.
type estimate struct {
	Level        int     `json:"level"`
	Ratio        float64 `json:"ratio"`
	ArchiveBytes int64   `json:"archive_bytes"`
	CoreHours    float64 `json:"core_hours"` // with verifying
	Hours        float64 `json:"hours"`      // on all cores
	Cost         float64 `json:"dollars"`
	Saved        float64 `json:"dollars_saved_per_month"`
	PaysAfter    float64 `json:"pays_after_months"`
}

// kindOf names the kind of a name below the source: its first folder and its suffix, without what
// rotation appends.
func kindOf(name string) string {
	folder := "."
	if i := strings.IndexByte(name, '/'); i >= 0 {
		folder = name[:i]
	}
	base := path.Base(name)
	for {
		ext := path.Ext(base)
		if ext == "" || strings.Trim(ext, ".0123456789-_") != "" {
			return folder + "/*" + ext
		}
		base = strings.TrimSuffix(base, ext)
	}
}

// samplesOf each kind are compressed, of their first bytes.
const samplesOf = 4

// makePlan looks at a source.
func (o *options) makePlan(ctx context.Context, levels []int, a assumptions) (*plan, error) {
	objects, base, err := list(ctx, o.source, o.inventory)
	if err != nil {
		return nil, err
	}
	p := &plan{Source: o.source, Assumptions: a}
	kinds := map[string]*kind{}
	for _, s := range objects {
		if isCompressed(s.Key) {
			p.LeftAlone++
			continue
		}
		p.Objects++
		p.Bytes += s.Size
		name := kindOf(below(s.Key, base))
		k := kinds[name]
		if k == nil {
			k = &kind{Kind: name}
			kinds[name] = k
			p.Kinds = append(p.Kinds, k)
		}
		k.Objects++
		k.Bytes += s.Size
		k.all = append(k.all, s)
	}
	slices.SortFunc(p.Kinds, func(a, b *kind) int { return cmp.Compare(b.Bytes, a.Bytes) })
	b, _, err := cloud.Open(ctx, o.source)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	for _, k := range p.Kinds {
		if err := k.estimate(ctx, b, levels, a); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// estimate compresses samples: of objects at even distances in the order of bytes, so that large
// ones count as they do in the whole.
func (k *kind) estimate(ctx context.Context, b cloud.Bucket, levels []int, a assumptions) error {
	var texts [][]byte
	for i := range samplesOf {
		at := k.Bytes * int64(2*i+1) / (2 * samplesOf)
		var s cloud.Info
		for _, s = range k.all {
			if at -= s.Size; at < 0 {
				break
			}
		}
		if s.Size == 0 {
			continue
		}
		r, _, err := b.First(ctx, s.Key, a.Sample)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(io.LimitReader(r, a.Sample))
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		texts = append(texts, text)
	}
	for _, level := range levels {
		var raw int64
		size := &counted{}
		before := cpuSeconds()
		for _, text := range texts {
			raw += int64(len(text))
			w, err := stream.NewWriter(size, nil, stream.WithContext(ctx), stream.WithLevel(level), stream.WithVerify(io.Discard, func(error) {}))
			if err != nil {
				return err
			}
			if _, err = w.Write(text); err == nil {
				err = w.Close()
			}
			if err != nil {
				return err
			}
		}
		if raw == 0 {
			continue
		}
		e := estimate{Level: level, Ratio: float64(raw) / float64(size.n)}
		e.ArchiveBytes = int64(float64(k.Bytes) / e.Ratio)
		e.CoreHours = (cpuSeconds() - before) / 3600 * float64(k.Bytes) / float64(raw)
		e.Hours = e.CoreHours / float64(a.Cores)
		e.Cost = e.CoreHours * a.CoreHour
		e.Saved = float64(k.Bytes-e.ArchiveBytes) / 1e12 * a.TBMonth
		if e.Saved > 0 {
			e.PaysAfter = e.Cost / e.Saved
		}
		k.Levels = append(k.Levels, e)
	}
	best := 0.0
	for _, e := range k.Levels {
		if gain := e.Saved*float64(a.Months) - e.Cost; gain > best {
			best, k.Level = gain, e.Level
		}
	}
	return nil
}

type counted struct{ n int64 }

func (c *counted) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func planCommand() *cobra.Command {
	o := &options{}
	a := assumptions{}
	var levels []int
	var asJSON bool
	c := &cobra.Command{
		Use:   "plan SOURCE",
		Short: "Say what archiving a source would give and cost",
		Long: `Say what archiving a source would give and cost: samples of each kind (a folder
and a suffix) are compressed and verified at each level, and what came out is taken for the
rest. Nothing is written.

A level is recommended that saves most over the months that archives are kept,
less what its cores cost. lmz job run --plan takes the levels from --json.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.source = args[0]
			p, err := o.makePlan(c.Context(), levels, a)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p)
			}
			return p.print()
		},
	}
	f := c.Flags()
	f.IntSliceVar(&levels, "levels", []int{1, 3, 6}, "levels to try")
	f.Float64Var(&a.CoreHour, "core-hour", 0.02, "dollars for an hour of a core")
	f.Float64Var(&a.TBMonth, "tb-month", 23, "dollars for a month of a TB of storage")
	f.IntVar(&a.Cores, "cores", defaultAtOnce(), "cores that would work, of all machines")
	f.IntVar(&a.Months, "months", 36, "months that archives are kept")
	f.Int64Var(&a.Sample, "sample", 4<<20, "bytes of each sample")
	f.StringVar(&o.inventory, "inventory", "", "take the objects from this list (CSV of S3 Inventory)")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (p *plan) print() error {
	a := p.Assumptions
	fmt.Printf("%s: %d objects, %.3f GB; %d more are compressed already and left alone\n", p.Source, p.Objects, float64(p.Bytes)/1e9, p.LeftAlone)
	fmt.Printf("assumed: %g $ per core and hour, %g $ per TB and month, %d cores, kept %d months, samples of %d bytes, sources stored as they are\n\n",
		a.CoreHour, a.TBMonth, a.Cores, a.Months, a.Sample)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "kind\tobjects\tGB\tlevel\tratio\tarchive GB\tcore hours\thours\t$\t$ saved/month\tpays after months\t")
	for _, k := range p.Kinds {
		for _, e := range k.Levels {
			mark := ""
			if e.Level == k.Level {
				mark = "recommended"
			}
			fmt.Fprintf(t, "%s\t%d\t%.3f\t%d\t%.2f\t%.3f\t%.2f\t%.2f\t%.4f\t%.4f\t%.1f\t%s\n", k.Kind, k.Objects, float64(k.Bytes)/1e9, e.Level, e.Ratio,
				float64(e.ArchiveBytes)/1e9, e.CoreHours, e.Hours, e.Cost, e.Saved, e.PaysAfter, mark)
		}
	}
	return t.Flush()
}
