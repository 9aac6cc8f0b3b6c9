package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/llama"
)

// versions is what lmz version says; its fields are those of --json.
type versions struct {
	Lmz         string   `json:"lmz"`
	Go          string   `json:"go"`
	Platform    string   `json:"platform"`
	LibLlama    string   `json:"libllama"`        // empty: built without it
	PlugIn      string   `json:"plugin"`          // libggml's, of --class
	Exact       string   `json:"exact"`           // kernel of the exact engine
	CanRun      []string `json:"cpu_classes"`     // what this machine can read and write
	GPUClasses  []string `json:"gpu_classes"`     // likewise, on its GPUs
	BackendFail string   `json:"error,omitempty"` // why no plug-in could be loaded
}

// versionCommand is lmz version.
type versionCommand struct{ *app }

func newVersionCommand(a *app) *cobra.Command {
	c := versionCommand{a}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show versions, and what this machine can decompress",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := c.checkStdout(); err != nil {
				return err
			}
			v := c.versions()
			if c.json {
				return printJSON(v)
			}
			t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintf(t, "lmz\t%s (%s, %s)\n", v.Lmz, v.Go, v.Platform)
			switch {
			case v.LibLlama == "":
				fmt.Fprintf(t, "libllama\tbuilt without it: of archives made with a model, those of class exact can be read\n")
			case v.BackendFail != "":
				fmt.Fprintf(t, "libllama\t%s\nplug-in\t%s\n", v.LibLlama, v.BackendFail)
			default:
				fmt.Fprintf(t, "libllama\t%s\nplug-in\t%s\n", v.LibLlama, v.PlugIn)
			}
			fmt.Fprintf(t, "exact\t%s\n", v.Exact)
			fmt.Fprintf(t, "cpu classes\t%s\n", strings.Join(v.CanRun, ", "))
			fmt.Fprintf(t, "gpu classes\t%s\n", or(strings.Join(v.GPUClasses, ", "), "none"))
			return t.Flush()
		},
	}
	c.addClass(cmd.Flags())
	c.addJSON(cmd.Flags())
	return cmd
}

// programVersion is what the linker was told, or what go install knows.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "unknown" && info.Main.Version != "" {
		return info.Main.Version
	}
	return version
}

func (c versionCommand) versions() versions {
	v := versions{
		Lmz: programVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		LibLlama: llama.Version(), Exact: exact.Kernel(), CanRun: append([]string{exact.Class}, llama.Classes()...),
	}
	b, err := llama.LoadBackend(c.class)
	v.GPUClasses = gpuClasses()
	if err != nil && !errors.Is(err, llama.ErrNotBuilt) {
		v.BackendFail = err.Error()
	}
	if b.Device != "" {
		b.Path += " on " + ui.Printable(b.Device)
	}
	if v.PlugIn = b.Path; err == nil && b.Path == "" {
		v.PlugIn = "built into libggml"
	}
	return v
}
