package evidence_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/golden"
)

// What is proven today is proven for ever: documents that are stored are made again, byte for byte,
// and verified.
func TestGolden(t *testing.T) {
	log := golden.Text("log", 11, 30_000)
	archive := archivetest.Compress(t, nil, log[:20_000], zstd()...)
	then := prover(t, archive)
	now := prover(t, slices.Concat(archive, archivetest.Compress(t, nil, log[20_000:], zstd()...)))
	line, err := now.Line(77)
	if err != nil {
		t.Fatal(err)
	}
	extension, err := now.Extension(then.Head())
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]any{}
	for name, made := range map[string]any{"old.head": then.Head(), "new.head": now.Head(), "line.proof": line, "extension.proof": extension} {
		back, err := evidence.Parse(golden.Stored(t, filepath.Join("testdata", name), evidence.Text(made)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		stored[name] = back
	}
	from, to := stored["old.head"].(*evidence.Head).Root, stored["new.head"].(*evidence.Head).Root
	proof := stored["line.proof"].(*evidence.LineProof)
	if err := proof.Verify(to); err != nil || proof.Line != 77 || !bytes.Equal(proof.Text, linesOf(log)[76]) {
		t.Errorf("line %d: %q, %v", proof.Line, proof.Text, err)
	}
	if err := stored["extension.proof"].(*evidence.ExtensionProof).Verify(from, to); err != nil {
		t.Errorf("extension: %v", err)
	}
}
