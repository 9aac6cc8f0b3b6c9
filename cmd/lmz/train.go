package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/finetune"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/train"
	"github.com/lmz-go/lmz/models"
)

const (
	defaultTrainMinutes = 10
	maxTrainMinutes     = 7 * 24 * 60
	maxTrainText        = 64 << 20 // bytes, of which memory takes several times as much
)

// baseKey is the metadata of a model that lmz train wrote: the SHA-256 of the model that it was
// trained on from.
const baseKey = "lmz.trained_from_sha256"

// trainCommand is lmz train.
type trainCommand struct {
	*app
	destination
	minutes float64
	steps   int
	seed    uint64
	threads int
	kernel  string
}

func (c *trainCommand) options() finetune.Options {
	return finetune.Options{
		Steps: c.steps, Time: time.Duration(c.minutes * float64(time.Minute)), Seed: c.seed, Threads: c.threads, Kernel: c.kernel,
	}
}

func newTrainCommand(a *app) *cobra.Command {
	c := &trainCommand{app: a}
	cmd := &cobra.Command{
		Use:   "train [flags] LOG... -o MODEL.gguf",
		Short: "Train a model on your own logs, for more of their kind",
		Long: `Train a model on your own logs, which compresses more of their kind better.

The training goes on from the default model, or from that of -m, and ends after
--minutes, or at Control-C; either way a model is written. A second Control-C
leaves nothing. The last twentieth of each LOG is not trained on: of the models
on the way, the one that predicts this part best is written, and none if none
predicts it better than the model that training began with.

What is compressed with -m MODEL.gguf can be decompressed only with this very
file: keep it as long as the archives. It holds parts of the logs, more or less
literally: let nobody read it who may not read them.

For logs, try a dictionary first (lmz dict): it takes seconds and, where both
were measured, made archives of the presets smaller than a trained model did.`,
		Example: `  lmz train access.log error.log -o web.gguf
  lmz -9 -m web.gguf access.log.1
  lmz -d -m web.gguf access.log.1.lmz`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			switch {
			case len(files) == 0:
				return ui.Usage("train wants logs", "name files of the kind that is to be compressed")
			case c.output == "":
				return ui.Usage("train wants -o FILE", "")
			case !strings.EqualFold(filepath.Ext(c.output), ".gguf"):
				return ui.Usage("-o wants a name that ends in .gguf", "folders are searched for models of this name")
			case !(c.minutes > 0 && c.minutes <= maxTrainMinutes):
				return ui.Usage(fmt.Sprintf("--minutes is more than 0 and at most %d", maxTrainMinutes), "")
			case c.steps < 0 || c.threads < 0 || c.threads > 4096:
				return ui.Usage("--steps is not negative, and -T is 0 to 4096", "")
			}
			if err := c.checkStdout(); err != nil {
				return err
			}
			return c.run(cmd.Context(), files)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&c.output, "output", "o", "", "write the model to this `FILE`")
	f.BoolVarP(&c.force, "force", "f", false, "overwrite the file")
	f.Float64Var(&c.minutes, "minutes", defaultTrainMinutes, "train for `NUM` minutes")
	f.IntVar(&c.steps, "steps", 0, "train for `NUM` steps, however long they take (0: for --minutes)")
	f.Uint64Var(&c.seed, "seed", 1, "a `NUM` for the order of the text; the same seed, steps, threads and kernel give the same model")
	f.VarP((*threads)(&c.threads), "threads", "T", "how many `CORES` to take (0: one for each core)")
	c.addModel(f)
	f.Lookup("model").Usage = "go on from this `MODEL`: a GGUF file, or the name of one that lmz model list shows (default the embedded one)"
	c.addClass(f)
	f.StringVar(&c.kernel, "kernel", "", "the `KERNEL` that computes: amx, avx512, avx2 or portable (default the best that this machine has)")
	return cmd
}

// run writes a model that was trained on the files. Who may not read all of them may not read it
// either.
func (c *trainCommand) run(ctx context.Context, files []string) error {
	base, err := c.store.Locate(c.model)
	if err != nil {
		return err
	}
	m, err := loadTrainable(base)
	if err != nil {
		return ui.InFile(or(base.Path, base.Name()), err)
	}
	opts := c.options()
	if err := finetune.Supported(m, opts); err != nil {
		return err
	}
	baseSum, err := c.store.Sum(base)
	if err != nil {
		return err
	}
	tokenizer, err := c.openModelFile(ctx, base, c.class)
	if err != nil {
		return err
	}
	if n := len(tokenizer.Pieces()); n != m.Config.Vocab {
		return fmt.Errorf("%s: %d tokens in libllama, %d in the file", or(base.Path, base.Name()), n, m.Config.Vocab)
	}
	texts, info, mode, err := c.readTrainingTexts(files)
	if err != nil {
		return err
	}
	out, err := c.create(c.output, &file.Source{Stdin: true, Info: info}, file.Manner{Force: c.force})
	if err != nil {
		return err
	}
	defer out.Discard()
	corpus, err := finetune.NewCorpus(tokenizer, texts)
	if err != nil {
		return err
	}

	m.SetName(strings.TrimSuffix(filepath.Base(c.output), filepath.Ext(c.output)))
	setMetadata(m, baseKey, fmt.Sprintf("%x", baseSum))
	c.signals.finishEarly() // from here on
	c.ui.Summary("training on %d tokens, %d are held out", corpus.Tokens(), corpus.Held())
	model, result, err := c.fineTune(ctx, m, corpus, opts)
	if err != nil {
		return err
	}
	if _, err := out.Write(model); err != nil {
		return err
	}
	if err := c.checkTrained(ctx, out, result); err != nil {
		return err
	}
	if err := out.Restrict(mode); err != nil {
		return err
	}
	if err := out.Commit(nil); err != nil {
		return err
	}
	c.printTrained(result, model)
	return nil
}

func loadTrainable(f models.File) (*train.Model, error) {
	r, size, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return train.Read(r, size)
}

// setMetadata sets one key of what the model's file will say.
func setMetadata(m *train.Model, key, value string) {
	var kept []gguf.KeyValue
	for _, kv := range m.Metadata {
		if kv.Key != key {
			kept = append(kept, kv)
		}
	}
	m.Metadata = append(kept, gguf.KeyValue{Key: key, Value: value})
}

// fineTune trains m and gives the file of the best model. A signal ends the training early.
func (c *trainCommand) fineTune(ctx context.Context, m *train.Model, corpus *finetune.Corpus, o finetune.Options) (best []byte, result finetune.Result, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-c.signals.finishEarly():
			c.ui.Summary("training ends here; a second signal leaves nothing")
			cancel()
		case <-ctx.Done():
		}
	}()
	var latest atomic.Pointer[finetune.Progress]
	o.Progress = func(p finetune.Progress) { latest.Store(&p) }
	start := time.Now()
	defer c.ui.ShowShare(func() (float64, string) {
		p := latest.Load()
		if p == nil {
			return 0, "training"
		}
		return p.Share, fmt.Sprintf("training, loss %.2f, %.0f tokens/s", p.Loss, float64(p.Tokens)/time.Since(start).Seconds())
	})()
	o.Best = func(model []byte) error {
		best = model
		return nil
	}
	result, err = finetune.Run(ctx, m, corpus, o)
	return best, result, err
}

// checkTrained opens the model that was written, as whoever uses it will, and compares what it
// predicts with what training saw.
func (c *trainCommand) checkTrained(ctx context.Context, out *file.Output, result finetune.Result) error {
	if !out.Staged() {
		return nil // a device cannot be read back
	}
	path, err := filepath.Abs(out.TemporaryName())
	if err != nil {
		return err
	}
	m, err := c.store.Open(ctx, path, c.class)
	if err != nil {
		return err
	}
	return result.Check(ctx, m)
}

func (c *trainCommand) printTrained(r finetune.Result, model []byte) {
	ended := ""
	if r.Stopped {
		ended = ", interrupted"
	}
	fmt.Printf("trained for %s: %d steps, %d tokens, %.1f passes over the text, kernel %s%s\n", r.Elapsed.Round(time.Second), r.Steps,
		r.Tokens, r.Passes, r.Kernel, ended)
	fmt.Printf("held-out end of the text: %.3f -> %.3f bits per byte\n", r.Before, r.After)
	fmt.Printf("%s: %s, SHA-256 %x\n", ui.Printable(c.output), ui.FormatBytes(int64(len(model))), sha256.Sum256(model))
	fmt.Printf("compress with it: lmz -m %s FILE\n", ui.Printable(c.output))
	fmt.Println("keep it: what is compressed with it cannot be read without this very file, in $" + models.PathVariable +
		", ~/.local/share/lmz/models or at -m")
}

// readTrainingTexts reads the files, or of more than maxTrainText evenly spaced parts. It returns
// the information of the first one and the permissions that all of them give.
func (c *trainCommand) readTrainingTexts(files []string) (texts [][]byte, first os.FileInfo, mode os.FileMode, err error) {
	mode = 0o666
	var sources []*file.Source
	defer func() {
		for _, src := range sources {
			src.Close()
		}
	}()
	total := int64(0)
	for _, name := range files {
		if strings.HasSuffix(name, suffix) {
			return nil, nil, 0, ui.InFile(name, ui.Hinted("is an archive", "give its content: lmz -dc "+name+" | lmz train - -o FILE"))
		}
		src, err := file.Open(name, c.force)
		if err != nil {
			return nil, nil, 0, ui.InFile(name, err)
		}
		sources = append(sources, src)
		if out, err := os.Stat(c.output); err == nil && file.SameRegular(out, src.Info) {
			return nil, nil, 0, ui.InFile(name, file.ErrSame)
		}
		if src.Regular() {
			mode &= src.Info.Mode().Perm()
		}
		total += max(0, src.Size())
	}
	left := int64(maxTrainText)
	for _, src := range sources {
		share := left
		if size := src.Size(); size >= 0 && total > maxTrainText {
			share = min(left, int64(float64(size)*float64(maxTrainText)/float64(total)))
		}
		text, all, err := readEvenly(src, src.Size(), share)
		if err != nil {
			return nil, nil, 0, ui.InFile(src.Name, err)
		}
		if !all {
			c.ui.Summary("%s: trained on %s of it", ui.Input(src.Name), ui.FormatBytes(int64(len(text))))
		}
		left -= int64(len(text))
		texts = append(texts, text)
	}
	return texts, sources[0].Info, mode, nil
}

// readEvenly reads at most so many bytes: all of r if it has no more, the first if its size is not
// known (negative), else parts of whole lines that are spread over it.
func readEvenly(r io.Reader, size, most int64) (text []byte, all bool, err error) {
	at, ok := r.(io.ReaderAt)
	if size < 0 || size <= most || !ok {
		text, err = io.ReadAll(io.LimitReader(r, most+1))
		if int64(len(text)) > most {
			return text[:most], false, err
		}
		return text, true, err
	}
	const part = 1 << 20
	parts := (most + part - 1) / part
	for i := range parts {
		b := make([]byte, min(part, most/parts))
		n, err := at.ReadAt(b, int64(float64(i)*float64(size-int64(len(b)))/float64(max(1, parts-1))))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, err
		}
		text = append(text, wholeLines(b[:n])...)
	}
	return text, false, nil
}

// wholeLines is text without what comes before the first line end and after the last one, if it has
// two.
func wholeLines(text []byte) []byte {
	first, last := bytes.IndexByte(text, '\n'), bytes.LastIndexByte(text, '\n')
	if first == last {
		return text
	}
	return text[first+1 : last+1]
}
