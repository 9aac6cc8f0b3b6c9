package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/models"
)

// modelSummary describes a model file; its fields are those of --json.
type modelSummary struct {
	Name          string            `json:"name"` // what -m takes
	File          string            `json:"file"` // path, or "embedded"
	Default       bool              `json:"default"`
	Released      string            `json:"released,omitempty"`            // under this name
	TrainedFrom   string            `json:"trained_from_sha256,omitempty"` // what lmz train began with
	GeneralName   string            `json:"general_name,omitempty"`        // what archives call it
	SHA256        string            `json:"sha256"`
	Bytes         int64             `json:"bytes"`
	Parameters    uint64            `json:"parameters"`
	Architecture  string            `json:"architecture"`
	Weights       string            `json:"weights"` // type of most parameters
	ContextLength uint64            `json:"context_length"`
	Vocabulary    uint64            `json:"vocabulary"`
	Tokenizer     string            `json:"tokenizer"`
	Licence       string            `json:"licence,omitempty"`
	Tensors       map[string]int    `json:"tensors,omitempty"`  // number of each type
	Classes       []string          `json:"classes,omitempty"`  // numeric classes in which it can be computed here
	Probes        map[string]string `json:"probes,omitempty"`   // what is known, by numeric class
	Metadata      map[string]string `json:"metadata,omitempty"` // of the GGUF file

	header *gguf.Header
}

// summarize gives what the list shows.
func (c modelCommand) summarize(f models.File) (modelSummary, error) {
	h, err := readHeader(f)
	if err != nil {
		return modelSummary{}, err
	}
	sum, err := c.store.Sum(f)
	if err != nil {
		return modelSummary{}, err
	}
	byDefault, err := c.store.Locate(models.EmbeddedName)
	if err != nil {
		return modelSummary{}, err
	}
	s := modelSummary{
		Name: f.Name(), File: f.String(), Default: f == byDefault, GeneralName: h.Text("general.name"),
		SHA256: hex.EncodeToString(sum[:]), Bytes: h.Size, Parameters: h.Parameters(),
		Architecture: h.Text("general.architecture"), Weights: weightType(h), Tokenizer: h.Text("tokenizer.ggml.model"),
		Licence: h.Text("general.license"), TrainedFrom: h.Text(baseKey), header: h,
	}
	s.ContextLength, _ = h.Uint(s.Architecture + ".context_length")
	if tokens, ok := h.Get("tokenizer.ggml.tokens").(gguf.Array); ok {
		s.Vocabulary = tokens.Len
	}
	if r, ok := models.ReleasedWith(sum); ok {
		s.Released = r.Name
	}
	return s, nil
}

// readHeader reads the GGUF header of a model file, without libllama.
func readHeader(f models.File) (*gguf.Header, error) {
	r, size, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return gguf.Read(r, size)
}

// detail adds what only lmz model info shows.
func (s *modelSummary) detail(sum [32]byte) {
	s.Tensors, s.Probes, s.Metadata = map[string]int{}, map[string]string{}, map[string]string{}
	for _, t := range s.header.Tensors {
		s.Tensors[t.Type.String()]++
	}
	if r, ok := models.ReleasedWith(sum); ok {
		for class, probe := range r.Probes {
			s.Probes[class] = hex.EncodeToString(probe[:])
		}
	}
	for _, kv := range s.header.Metadata {
		s.Metadata[kv.Key] = fmt.Sprint(kv.Value)
	}
}

// classes are those in which the model can be computed here. What libllama makes of it is not
// tried.
func (c modelCommand) classes(ctx context.Context, f models.File) (classes []string) {
	if _, err := c.openModelFile(ctx, f, exact.Class); err == nil {
		classes = append(classes, exact.Class)
	}
	if llama.Version() != "" {
		classes = append(classes, llama.Classes()...)
		classes = append(classes, gpuClasses()...)
	}
	return classes
}

// weightType is the type that most elements of the tensors have.
func weightType(h *gguf.Header) string {
	count := map[gguf.TensorType]uint64{}
	var most gguf.TensorType
	for _, t := range h.Tensors {
		count[t.Type] += t.Elements()
		if count[t.Type] > count[most] {
			most = t.Type
		}
	}
	return most.String()
}

// list shows all models.
func (c modelCommand) list() error {
	all := []modelSummary{}
	for _, f := range c.store.List() {
		s, err := c.summarize(f)
		if err != nil {
			c.warned.Store(true)
			c.ui.Warning("", "%v", ui.InFile(f.String(), err))
			continue
		}
		all = append(all, s)
	}
	if c.json {
		return printJSON(all)
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "name\tsize\tparameters\tweights\tcontext\tsha256\tfile")
	for _, s := range all {
		file := s.File
		if s.Default {
			file += ", the default"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", ui.Printable(s.Name), ui.FormatBytes(s.Bytes), ui.FormatCount(s.Parameters), s.Weights,
			s.ContextLength, s.SHA256[:16], ui.Printable(file))
	}
	return t.Flush()
}

// infos shows each model; several are, as JSON, a list.
func (c modelCommand) infos(ctx context.Context, names []string) error {
	var all []modelSummary
	c.each(names, func(name string) error {
		f, err := c.store.Locate(name)
		if err != nil {
			return err
		}
		s, err := c.summarize(f)
		if err != nil {
			return err
		}
		sum, err := c.store.Sum(f)
		if err != nil {
			return err
		}
		s.detail(sum)
		s.Classes = c.classes(ctx, f)
		all = append(all, s)
		return nil
	})
	switch {
	case c.json && len(names) == 1 && len(all) == 1:
		return printJSON(all[0])
	case c.json:
		return printJSON(append([]modelSummary{}, all...))
	}
	for i, s := range all {
		if i > 0 {
			fmt.Println()
		}
		if err := s.print(c.ui.Verbose > 0); err != nil {
			return err
		}
	}
	return nil
}

func (s *modelSummary) print(metadata bool) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", ui.Printable(name), ui.Printable(fmt.Sprintf(format, args...)))
	}
	row("name", "%s", s.Name)
	row("file", "%s", s.File)
	row("released", "%s", or(s.Released, "no"))
	if s.TrainedFrom != "" {
		row("trained from", "%s", s.TrainedFrom)
	}
	row("in archives", "%s %s", or(s.GeneralName, "(no name)"), s.SHA256[:8])
	row("sha256", "%s", s.SHA256)
	row("size", "%d bytes", s.Bytes)
	row("parameters", "%s", ui.FormatCount(s.Parameters))
	row("architecture", "%s", s.shape())
	row("weights", "%s", s.Weights)
	row("tensors", "%s", joinCounts(s.Tensors))
	row("context", "%d tokens", s.ContextLength)
	row("vocabulary", "%d tokens (%s)", s.Vocabulary, s.Tokenizer)
	row("licence", "%s", or(s.Licence, "not stated"))
	row("can run in", "%s", or(strings.Join(s.Classes, ", "), "no class of this machine"))
	for _, class := range slices.Sorted(maps.Keys(s.Probes)) {
		row("probe "+class, "%s", s.Probes[class])
	}
	if metadata {
		for _, kv := range s.header.Metadata {
			row(kv.Key, "%s", ui.Shorten(fmt.Sprint(kv.Value), 100))
		}
	}
	return t.Flush()
}

// shape is the architecture with those of its sizes that the file states.
func (s *modelSummary) shape() string {
	var sizes []string
	for _, size := range []struct{ key, format string }{
		{"block_count", "%d layers"}, {"embedding_length", "d = %d"}, {"feed_forward_length", "ffn %d"},
		{"attention.head_count", "%d heads"}, {"attention.head_count_kv", "KV heads %d"},
	} {
		if n, ok := s.header.Uint(s.Architecture + "." + size.key); ok {
			sizes = append(sizes, fmt.Sprintf(size.format, n))
		}
	}
	if len(sizes) == 0 {
		return s.Architecture
	}
	return s.Architecture + ": " + strings.Join(sizes, ", ")
}

func joinCounts(counts map[string]int) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%d %s", counts[name], name))
	}
	return strings.Join(texts, ", ")
}

// or is text, or what stands for it where it is empty.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
