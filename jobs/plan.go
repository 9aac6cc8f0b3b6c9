package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
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
	LeftAlone   int         `json:"left_alone"`       // compressed already
	Present     int         `json:"archives_present"` // in DEST, whose sources are left out
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

// check refuses what nothing can be told from.
func (a assumptions) check(levels []int) error {
	for _, level := range levels {
		if err := checkLevel("--levels", level); err != nil {
			return err
		}
	}
	switch {
	case !(a.CoreHour >= 0) || math.IsInf(a.CoreHour, 0):
		return fmt.Errorf("--core-hour %g: a price is 0 or more", a.CoreHour)
	case !(a.TBMonth > 0) || math.IsInf(a.TBMonth, 0):
		return fmt.Errorf("--tb-month %g: nothing is saved where storage costs nothing: give a price above 0", a.TBMonth)
	case a.Cores < 1:
		return fmt.Errorf("--cores %d: give 1 at least", a.Cores)
	case a.Months < 1:
		return fmt.Errorf("--months %d: give 1 at least", a.Months)
	case a.Sample < 1:
		return fmt.Errorf("--sample %d: give 1 byte at least; the default is 4 MiB", a.Sample)
	}
	return nil
}

func checkLevel(of string, level int) error {
	if level < 0 || level > 9 {
		return fmt.Errorf("%s %d: levels are 0 to 9", of, level)
	}
	return nil
}

// kind is what has a folder and a suffix in common.
type kind struct {
	Kind    string     `json:"kind"`
	Objects int        `json:"objects"`
	Bytes   int64      `json:"bytes"`
	Level   *int       `json:"level"` // recommended; nil: none pays
	Levels  []estimate `json:"levels"`
	all     []*item
}

// estimate is what a level gives, by samples.
type estimate struct {
	Level        int      `json:"level"`
	Ratio        float64  `json:"ratio"`
	ArchiveBytes int64    `json:"archive_bytes"`
	CoreHours    float64  `json:"core_hours"` // with verifying
	Hours        float64  `json:"hours"`      // on all cores
	Cost         float64  `json:"dollars"`
	Saved        float64  `json:"dollars_saved_per_month"`
	PaysAfter    *float64 `json:"pays_after_months"` // nil: never
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

// makePlan looks at a source, and at what there is in DEST if that is named.
func (o *options) makePlan(ctx context.Context, levels []int, a assumptions) (*plan, error) {
	objects, base, err := list(ctx, o.source, o.inventory)
	if err != nil {
		return nil, err
	}
	in, err := o.present(ctx)
	if err == nil {
		err = in.lookInto(ctx, o, objects, base, nil)
	}
	if err != nil {
		return nil, err
	}
	p := &plan{Source: o.source, Assumptions: a}
	var all []*item
	all, p.LeftAlone = o.items(objects, base, in)
	kinds := map[string]*kind{}
	for _, it := range all {
		if in.names[it.name] {
			p.Present++
			continue
		}
		name := kindOf(below(it.Sources[0].Key, base))
		k := kinds[name]
		if k == nil {
			k = &kind{Kind: name}
			kinds[name] = k
			p.Kinds = append(p.Kinds, k)
		}
		k.Objects += len(it.Sources)
		k.Bytes += it.size()
		k.all = append(k.all, it)
		p.Objects += len(it.Sources)
		p.Bytes += it.size()
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

// Of each kind so many samples are compressed, or more that are small.
const (
	leastSamples = 4
	mostSamples  = 64
)

// sample is a part of the content of an archive.
type sample struct {
	text   []byte
	source float64 // bytes of sources in it
	of     float64 // and in the archive
	weight float64 // bytes of sources that it stands for
}

// samples reads parts of archives' content at even distances in the order of bytes, so that large
// ones count as they do in the whole; or all of it if that is no more.
func (k *kind) samples(ctx context.Context, b cloud.Bucket, size int64) (all []sample, err error) {
	average := max(1, min(size, k.Bytes/int64(len(k.all))))
	n := int(min(mostSamples, max(leastSamples, leastSamples*size/average)))
	if n >= len(k.all) && k.Bytes <= leastSamples*size {
		for _, it := range k.all {
			s, err := it.sample(ctx, b, 0, it.contentSize())
			if err != nil {
				return nil, err
			}
			s.weight = s.source
			all = append(all, s)
		}
		return all, nil
	}
	// Each stands for its share of the archive that it is of, or, of archives without one, of what
	// is nearest.
	all, left := make([]sample, n), make([]float64, n)
	next, passed := 0, int64(0)
	for _, it := range k.all {
		first := next
		for ; next < n; next++ {
			at := k.Bytes/int64(2*n)*int64(2*next+1) - passed
			if at >= it.size() {
				break
			}
			if all[next], err = it.sample(ctx, b, at, size); err != nil {
				return nil, err
			}
		}
		for i := range all[first:next] {
			all[first+i].weight += float64(it.size()) / float64(next-first)
		}
		if first == next {
			middle := float64(passed) + float64(it.size())/2
			nearest := min(n-1, int(middle/float64(k.Bytes)*float64(n)))
			left[nearest] += float64(it.size())
		}
		passed += it.size()
	}
	for i := range all {
		all[i].weight += left[i]
	}
	return all, err
}

// sample reads the content around an offset; of a pack, its beginning.
func (it *item) sample(ctx context.Context, b cloud.Bucket, at, size int64) (sample, error) {
	for i, n := 0, int64(0); i < len(it.Sources) && n < size; i++ { // an inventory may have no versions
		s := &it.Sources[i]
		if err := addVersion(ctx, b, s); err != nil {
			return sample{}, err
		}
		n += tarBlock + s.Size
	}
	s := it.Sources[0]
	if !it.Pack {
		from := max(0, min(at-size/2, s.Size-size))
		r := cloud.Section(ctx, b, s, from, min(size, s.Size-from))
		defer r.Close()
		text, err := io.ReadAll(r)
		return sample{text, float64(len(text)), float64(s.Size), 0}, err
	}
	w := &limited{left: size}
	if _, err := it.content(ctx, b, w); err != nil && !errors.Is(err, errFull) {
		return sample{}, err
	}
	return sample{w.Bytes(), float64(w.Len()) * float64(it.size()) / float64(it.contentSize()), float64(it.size()), 0}, nil
}

// contentSize is how many bytes are compressed; of a pack, without the list of members, which takes
// little.
func (it *item) contentSize() int64 {
	n := it.size()
	if it.Pack {
		for _, s := range it.Sources { // a header, and zeros up to the next block
			n += tarBlock + (tarBlock-s.Size%tarBlock)%tarBlock
		}
		n += 2 * tarBlock
	}
	return n
}

const tarBlock = 512

// limited takes no more than so many bytes.
type limited struct {
	bytes.Buffer
	left int64
}

var errFull = errors.New("that is enough")

func (l *limited) Write(p []byte) (int, error) {
	n, err := l.Buffer.Write(p[:min(int64(len(p)), l.left)])
	if l.left -= int64(n); err == nil && l.left == 0 {
		err = errFull
	}
	return n, err
}

// estimate compresses samples. Each stands for as many bytes of the whole.
func (k *kind) estimate(ctx context.Context, b cloud.Bucket, levels []int, a assumptions) error {
	if k.Bytes == 0 {
		return nil
	}
	samples, err := k.samples(ctx, b, a.Sample)
	if err != nil || len(samples) == 0 {
		return err
	}
	for _, level := range levels {
		share, seconds, n := 0.0, 0.0, 0.0
		for _, s := range samples {
			if len(s.text) == 0 {
				continue
			}
			size, cpu, err := s.archive(ctx, level)
			if err != nil {
				return err
			}
			share += s.weight * size
			seconds += s.weight * cpu
			n += s.weight
		}
		e := estimate{Level: level, Ratio: n / share}
		e.ArchiveBytes = int64(float64(k.Bytes) / e.Ratio)
		e.CoreHours = seconds / n / 3600 * float64(k.Bytes)
		e.Hours = e.CoreHours / float64(a.Cores)
		e.Cost = e.CoreHours * a.CoreHour
		e.Saved = float64(k.Bytes-e.ArchiveBytes) / 1e12 * a.TBMonth
		if e.Saved > 0 {
			e.PaysAfter = new(e.Cost / e.Saved)
		}
		k.Levels = append(k.Levels, e)
	}
	best := 0.0
	for _, e := range k.Levels {
		if gain := e.Saved*float64(a.Months) - e.Cost; gain > best {
			best, k.Level = gain, &e.Level
		}
	}
	return nil
}

// archive estimates what the archive that the sample is of takes for a byte of its sources: bytes,
// and seconds of CPU time. What is behind the sample is foreseen better than the sample, which
// begins anew: as well as the second half of that, it is assumed.
func (s *sample) archive(ctx context.Context, level int) (size, seconds float64, err error) {
	before := cpuSeconds()
	whole, err := archiveSize(ctx, level, s.text)
	seconds = (cpuSeconds() - before) / s.source
	size = whole / s.source
	if rest := s.of - s.source; err == nil && rest >= 1 && len(s.text) > 1 {
		var half float64
		half, err = archiveSize(ctx, level, s.text[:len(s.text)/2])
		if later := 2 * (whole - half) / s.source; later < size {
			size = (whole + later*rest) / s.of
		}
	}
	return size, seconds, err
}

func archiveSize(ctx context.Context, level int, text []byte) (float64, error) {
	var size counted
	w, err := stream.NewWriter(&size, nil, stream.WithContext(ctx), stream.WithLevel(level), stream.WithVerify(io.Discard, func(error) {}))
	if err != nil {
		return 0, err
	}
	if _, err = w.Write(text); err == nil {
		err = w.Close()
	}
	return float64(size.n), err
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
		Use:   "plan SOURCE [DEST]",
		Short: "Say what archiving a source would give and cost",
		Long: `Say what archiving a source would give and cost: samples of each kind (a folder
and a suffix) are compressed and verified at each level, as they would be in
archives, and what came out is taken for the rest. Nothing is written. What has
an archive in DEST is left out.

A level is recommended that saves most over the months that archives are kept,
less what its cores cost. lmz job run --plan takes the levels from --json, and
its own --level for kinds for which none pays.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if o.source = args[0]; len(args) > 1 {
				o.dest = args[1]
			}
			if err := a.check(levels); err != nil {
				return err
			}
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
	f.IntSliceVar(&levels, "levels", []int{1, 3, 6}, "`LEVELS` to try")
	f.Float64Var(&a.CoreHour, "core-hour", 0.02, "`DOLLARS` for an hour of a core")
	f.Float64Var(&a.TBMonth, "tb-month", 23, "`DOLLARS` for a month of a TB of storage")
	f.IntVar(&a.Cores, "cores", defaultAtOnce(), "`CORES` that would work, of all machines (default those of this one)")
	ofMachine(f, "cores")
	f.IntVar(&a.Months, "months", 36, "`MONTHS` that archives are kept")
	f.Int64Var(&a.Sample, "sample", 4<<20, "`BYTES` of each sample")
	f.StringVar(&o.inventory, "inventory", "", "take the objects from this `LIST`, a file or an object (CSV of S3 Inventory)")
	o.addPack(c)
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (p *plan) print() error {
	a := p.Assumptions
	fmt.Printf("%s: %d objects, %.3f GB; %d more are compressed already and left alone\n", p.Source, p.Objects, float64(p.Bytes)/1e9, p.LeftAlone)
	if p.Present > 0 {
		fmt.Printf("%d archives are there already\n", p.Present)
	}
	fmt.Printf("assumed: %g $ per core and hour, %g $ per TB and month, %d cores, kept %d months, samples of %d bytes, sources stored as they are\n\n",
		a.CoreHour, a.TBMonth, a.Cores, a.Months, a.Sample)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "kind\tobjects\tGB\tlevel\tratio\tarchive GB\tcore hours\thours\t$\t$ saved/month\tpays after months\t")
	for _, k := range p.Kinds {
		for _, e := range k.Levels {
			mark, after := "", "never"
			switch {
			case k.Level == nil:
				mark = "none pays"
			case e.Level == *k.Level:
				mark = "recommended"
			}
			if e.PaysAfter != nil {
				after = fmt.Sprintf("%.1f", *e.PaysAfter)
			}
			fmt.Fprintf(t, "%s\t%d\t%.3f\t%d\t%.2f\t%.3f\t%.2f\t%.2f\t%.4f\t%.4f\t%s\t%s\n", k.Kind, k.Objects, float64(k.Bytes)/1e9, e.Level, e.Ratio,
				float64(e.ArchiveBytes)/1e9, e.CoreHours, e.Hours, e.Cost, e.Saved, after, mark)
		}
	}
	return t.Flush()
}
