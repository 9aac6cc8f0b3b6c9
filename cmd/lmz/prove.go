package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/stream"
)

// proveCommand is lmz prove.
type proveCommand struct {
	reading
	destination
	line       int64
	from, root string
	verify     bool
}

func newProveCommand(a *app) *cobra.Command {
	c := &proveCommand{reading: reading{app: a}}
	cmd := &cobra.Command{
		Use:   "prove [flags] FILE",
		Short: "Prove what an archive holds to whoever knows its root hash",
		Long: `Prove what an archive holds to whoever knows its root hash.

  prove a.lmz            write the archive's head, which has its root: what is
                         to be signed, time-stamped, or published
  prove --line N a.lmz   prove that the archive has line N, and its text; other
                         lines are not told
  prove --from HEAD a.lmz
                         prove that the archive is the one that had this head,
                         to which something was appended
  prove --verify --root ROOT PROOF
                         verify a proof of a line, and write the line; with
                         --from ROOT one of what was appended

ROOT is a head, a file, or its 64 hexadecimal digits. Verifying needs the proof
and nothing else; docs/EVIDENCE.md says how, and there are programs of a page in
Go and in Python that do it without lmz. The root depends on the content, and on
which parts were appended to others, but not on how they are compressed.

A head is taken from the hashes in an archive; lmz -t compares these with the
content. Where there are none (archives of less than 1 MiB of content, and of
lmz --no-merkle), all is decompressed, and else a block of a few MiB.`,
		Example: `  lmz prove app.log.lmz -o app.head
  lmz prove --line 4711 app.log.lmz -o line.proof
  lmz prove --verify --root app.head line.proof`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			switch {
			case len(files) != 1:
				return ui.Usage("prove wants one file", "")
			case c.verify && (c.root == "" || cmd.Flags().Changed("line")):
				return ui.Usage("--verify wants --root", "a proof shows nothing to whoever has no root from somewhere else")
			case !c.verify && c.root != "":
				return ui.Usage("--root is for --verify", "")
			case cmd.Flags().Changed("line") && (c.line < 1 || c.from != ""):
				return ui.Usage("--line takes a number from 1, and excludes --from", "")
			}
			if c.output == "" {
				c.output = "-"
			}
			if err := c.reading.check(); err != nil {
				return err
			}
			if c.verify {
				c.each(files, c.verifyProof)
			} else {
				c.each(files, func(name string) error { return c.prove(cmd.Context(), name) })
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Int64Var(&c.line, "line", 0, "prove line `NUM`, counted from 1")
	f.StringVar(&c.from, "from", "", "the `HEAD`, a file, of the archive as it was")
	f.BoolVar(&c.verify, "verify", false, "verify a proof")
	f.StringVar(&c.root, "root", "", "with --verify, the `ROOT` that is known")
	f.StringVarP(&c.output, "output", "o", "", "write to this `FILE` (default \"-\", standard output)")
	f.BoolVarP(&c.force, "force", "f", false, "overwrite the file")
	c.addFlags(f)
	return cmd
}

// prove writes a head, or a proof.
func (c *proveCommand) prove(ctx context.Context, name string) error {
	return c.readAnywhere(ctx, name, false, func(src *file.Source, archive *stream.Archive) error {
		p, err := evidence.New(archive)
		if err != nil {
			return err
		}
		var doc any
		switch {
		case c.line > 0:
			doc, err = p.Line(c.line)
		case c.from != "":
			var old *evidence.Head
			if old, err = readHead(c.from); err == nil {
				doc, err = p.Extension(*old)
			}
		default:
			doc = p.Head()
		}
		if err != nil {
			return err
		}
		return c.writeDocument(c.output, src, c.force, evidence.Text(doc))
	})
}

// writeDocument writes what was made of src.
func (a *app) writeDocument(name string, src *file.Source, force bool, text []byte) error {
	out, err := a.create(name, src, file.Manner{Force: force})
	if err != nil {
		return err
	}
	defer out.Discard()
	if _, err := out.Write(text); err != nil {
		return err
	}
	return out.Commit(nil)
}

// verifyProof verifies a proof, and writes the line that it is about.
func (c *proveCommand) verifyProof(name string) error {
	src, err := file.OpenRegular(name, "write it to a file first")
	if err != nil {
		return err
	}
	defer src.Close()
	text, err := io.ReadAll(io.LimitReader(src, maxDocument))
	if err != nil {
		return err
	}
	doc, err := evidence.Parse(text)
	if err != nil {
		return err
	}
	root, err := readRoot(c.root)
	if err != nil {
		return err
	}
	switch p := doc.(type) {
	case *evidence.LineProof:
		if c.from != "" {
			return ui.Hinted("is the proof of a line", "leave out --from")
		}
		if err := p.Verify(root); err != nil {
			return err
		}
		c.ui.Summary("%s: line %d of the archive with root %v", ui.Input(name), p.Line, root)
		return c.writeDocument(c.output, src, c.force, p.Text)
	case *evidence.ExtensionProof:
		if c.from == "" {
			return ui.Hinted("is the proof that something was appended", "give the root before that with --from")
		}
		old, err := readRoot(c.from)
		if err != nil {
			return err
		}
		if err := p.Verify(old, root); err != nil {
			return err
		}
		// No numbers: other ones may go with the same hashes.
		c.ui.Summary("%s: the archive with root %v begins with the one with root %v", ui.Input(name), root, old)
		return nil
	}
	return ui.Hinted("is a head, and proves nothing", "")
}

// maxDocument is the most bytes of a proof or head that are read.
const maxDocument = 8 << 20

// readRoot takes a root from a flag: its digits, or a file with the head that has it.
func readRoot(arg string) (root evidence.Root, err error) {
	if root.UnmarshalText([]byte(arg)) == nil {
		return root, nil
	}
	h, err := readHead(arg)
	if err != nil {
		return root, err
	}
	return h.Root, nil
}

func readHead(name string) (*evidence.Head, error) {
	src, err := file.Open(name, true)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	text, err := io.ReadAll(io.LimitReader(src, maxDocument))
	if err != nil {
		return nil, err
	}
	doc, err := evidence.Parse(text)
	h, is := doc.(*evidence.Head)
	if err == nil && !is {
		err = fmt.Errorf("it is no head")
	}
	if err != nil {
		return nil, ui.InFile(name, err)
	}
	return h, nil
}
