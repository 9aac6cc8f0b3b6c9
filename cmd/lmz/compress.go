package main

import (
	"context"
	"errors"

	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

func (a *app) compress(ctx context.Context, name string) error {
	if a.pending.finishing() {
		return &skipError{msg: "is left out: interrupted"}
	}
	src, err := openSource(name)
	if err != nil {
		return err
	}
	defer src.Close()
	outName, err := a.outputName(src)
	if err != nil {
		return err
	}
	out, err := a.createOutput(outName, src, true)
	if err != nil {
		return err
	}
	defer out.discard()

	var m meter
	var proof *proof
	if a.remove && out.staged != nil && src.regular() {
		proof = newProof(0)
	}
	if err := a.writeArchive(ctx, out, src, &m, proof); err != nil {
		return err
	}
	if err := proof.check(out, src); err != nil {
		return err
	}
	if err := out.commit(src); err != nil {
		return err
	}
	raw, compressed := m.read.Load(), m.written.Load()
	a.ui.summary("%s: %s -> %s (%s)", displayName(name), formatBytes(raw), formatBytes(compressed), formatRatio(raw, compressed))
	return a.removeSource(src, out)
}

// writeArchive compresses src and leaves in m the bytes on both sides, and in p, which may be nil, what proves the archive.
func (a *app) writeArchive(ctx context.Context, dst *output, src *source, m *meter, p *proof) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts := []stream.WriterOption{
		stream.WithContext(ctx), stream.WithMethod(methods[a.method]), stream.WithLevel(a.level()),
		stream.WithProgress(m.progress), stream.WithFilter(!a.noFilter),
	}
	if a.primed {
		opts = append(opts, stream.WithPrimer(int(a.primer)))
	}
	if len(a.dictionaries) > 0 {
		opts = append(opts, stream.WithDictionary(a.dictionaries[0]))
	}
	if a.workers > 0 {
		opts = append(opts, stream.WithWorkers(a.workers))
	}
	if a.lanes > 0 {
		opts = append(opts, stream.WithLanes(a.lanes))
	}
	if a.chunkSize > 0 {
		opts = append(opts, stream.WithChunkSize(int(a.chunkSize)))
	}
	if a.verify || p != nil {
		opts = append(opts, stream.WithVerify(p.decoded(), func(wrong error) { a.ui.fellBack(src.name, wrong) }))
	}
	var model lm.Model
	if a.asksModel() {
		var err error
		model, err = a.store.Open(ctx, a.model, a.class)
		switch {
		case err != nil && errors.Is(err, llama.ErrNotBuilt) && !a.needsModel():
			a.ui.summary("this lmz was built without libllama: the model is not asked")
			model = nil
		case err != nil:
			return err
		}
	}
	w, err := stream.NewWriter(m.output(p.written(dst)), m.model(model), opts...)
	if err != nil {
		return err
	}
	stop := a.ui.showProgress(src.name, src.size(), func() (raw, done, compressed int64) {
		return max(m.modeled.Load(), m.done.Load()), m.done.Load(), m.compressed.Load()
	})
	defer stop()
	if a.flushEvery > 0 {
		var stop <-chan struct{}
		if src.size() < 0 { // else half of a file would look like the whole
			stop = a.pending.finishEarly()
		}
		err = follow(ctx, w, m.source(src), a.flushEvery, stop, dst.sync)
	} else {
		_, err = w.ReadFrom(m.source(src))
	}
	if err != nil {
		cancel() // Close must not make what there is so far look like the whole
		w.Close()
		return err
	}
	return w.Close()
}

// removeSource deletes the source, when asked to, after its output is there for good.
func (a *app) removeSource(src *source, out *output) error {
	if !a.remove {
		return nil
	}
	if out.staged == nil {
		return &skipError{msg: "is kept: the output is not a regular file"}
	}
	if err := syncFolder(out.name); err != nil {
		return err
	}
	return src.remove()
}
