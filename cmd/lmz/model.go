package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/llama/gguf"
	"github.com/lmz-go/lmz/models"
)

func newModelCommand(a *app) *cobra.Command {
	model := &cobra.Command{
		Use:   "model",
		Short: "Show language models",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return &usageError{"model wants a command", "lmz model list, or lmz model info [FILE]"}
		},
	}
	model.AddCommand(
		&cobra.Command{
			Use:   "list",
			Short: "List the embedded model and those that are found",
			Long: "List the embedded model and those that are found in $" + models.PathVariable +
				"\n(files and folders), and in ~/.local/share/lmz/models.",
			Args: noArgs,
			RunE: func(*cobra.Command, []string) error { return a.listModels() },
		},
		&cobra.Command{
			Use:   "info [FILE]",
			Short: "Show what a model is (default: the one of -m, or the embedded one)",
			Args:  cobra.ArbitraryArgs,
			RunE: func(_ *cobra.Command, args []string) error {
				if len(args) == 0 {
					args = []string{a.model}
				}
				return a.each(args, a.modelInfo)
			},
		},
	)
	return model
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Sprintf("%s takes no arguments", cmd.CommandPath()), ""}
	}
	return nil
}

// modelSummary describes a model file; its fields are those of --json.
type modelSummary struct {
	File          string            `json:"file"`
	Name          string            `json:"name"`
	SHA256        string            `json:"sha256"`
	Bytes         int64             `json:"bytes"`
	Parameters    uint64            `json:"parameters"`
	Architecture  string            `json:"architecture"`
	Weights       string            `json:"weights"`
	ContextLength uint64            `json:"context_length"`
	Vocabulary    uint64            `json:"vocabulary"`
	Tokenizer     string            `json:"tokenizer"`
	Metadata      map[string]string `json:"metadata,omitempty"`

	header *gguf.Header
}

func (a *app) summarize(f models.File) (modelSummary, error) {
	h, err := f.Header()
	if err != nil {
		return modelSummary{}, err
	}
	sum, err := a.store.Sum(f)
	if err != nil {
		return modelSummary{}, err
	}
	s := modelSummary{
		File: f.String(), Name: h.Text("general.name"), SHA256: hex.EncodeToString(sum[:]), Bytes: h.Size,
		Parameters: h.Parameters(), Architecture: h.Text("general.architecture"), Weights: weightType(h),
		Tokenizer: h.Text("tokenizer.ggml.model"), header: h,
	}
	s.ContextLength, _ = h.Uint(s.Architecture + ".context_length")
	if tokens, ok := h.Get("tokenizer.ggml.tokens").(gguf.Array); ok {
		s.Vocabulary = tokens.Len
	}
	return s, nil
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

func (a *app) listModels() error {
	var all []modelSummary
	for _, f := range a.store.List() {
		s, err := a.summarize(f)
		if err != nil {
			a.warned = true
			a.ui.warning("", "%v", &fileError{f.String(), err})
			continue
		}
		all = append(all, s)
	}
	if a.json {
		return printJSON(all)
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "name\tsize\tparameters\tweights\tcontext\tsha256\tfile")
	for _, s := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", s.Name, formatBytes(s.Bytes), formatCount(s.Parameters), s.Weights,
			s.ContextLength, s.SHA256[:16], s.File)
	}
	return t.Flush()
}

func (a *app) modelInfo(name string) error {
	f, err := a.store.Locate(name)
	if err != nil {
		return err
	}
	s, err := a.summarize(f)
	if err != nil {
		return err
	}
	if a.json {
		s.Metadata = map[string]string{}
		for _, kv := range s.header.Metadata {
			s.Metadata[kv.Key] = fmt.Sprint(kv.Value)
		}
		return printJSON(s)
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "file\t%s\nname\t%s\nsha256\t%s\nsize\t%d bytes\nparameters\t%s\narchitecture\t%s\nweights\t%s\n"+
		"context\t%d tokens\nvocabulary\t%d tokens (%s)\n", s.File, s.Name, s.SHA256, s.Bytes, formatCount(s.Parameters),
		s.Architecture, s.Weights, s.ContextLength, s.Vocabulary, s.Tokenizer)
	if a.ui.verbose > 0 {
		for _, kv := range s.header.Metadata {
			fmt.Fprintf(t, "%s\t%s\n", kv.Key, strings.ReplaceAll(shorten(fmt.Sprint(kv.Value), 100), "\n", `\n`))
		}
	}
	return t.Flush()
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// formatCount gives about two digits, for people.
func formatCount(n uint64) string {
	f, unit := float64(n), ""
	for _, u := range []string{" k", " M", " G", " T"} {
		if f < 999.5 {
			break
		}
		f, unit = f/1000, u
	}
	if unit == "" || f >= 9.95 {
		return fmt.Sprintf("%.0f%s", f, unit)
	}
	return fmt.Sprintf("%.1f%s", f, unit)
}

// shorten cuts a text to at most this many characters.
func shorten(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most-1]) + "…"
}
