package evidence_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/internal/archivetest"
)

// workshop is a folder with a head in it, where programs are run.
type workshop struct {
	testing.TB
	dir string
}

func newWorkshop(t testing.TB, program string) workshop {
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("there is no %s", program)
	}
	w := workshop{t, t.TempDir()}
	head := prover(t, archivetest.Compress(t, nil, []byte("what was said\n"))).Head()
	w.write("app.head", string(evidence.Text(head)))
	return w
}

func (w workshop) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

func (w workshop) try(input []byte, command string) ([]byte, error) {
	words := strings.Fields(command)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Stdin = w.dir, bytes.NewReader(input)
	return cmd.CombinedOutput()
}

func (w workshop) run(input []byte, command string) {
	w.Helper()
	if out, err := w.try(input, command); err != nil {
		w.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// A head is stamped by an authority of RFC 3161, and one that was changed is not what was stamped.
func TestTimestamp(t *testing.T) {
	w := newWorkshop(t, "openssl")
	w.write("tsa.cnf", `[tsa]
default_tsa = authority
[authority]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`)
	w.write("serial", "01\n")
	w.run(nil, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.pem -days 2 -subj /CN=authority"+
		" -addext extendedKeyUsage=critical,timeStamping")
	authority := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(r.Body)
		if err == nil {
			w.write("asked.tsq", string(query))
			_, err = w.try(nil, "openssl ts -reply -config tsa.cnf -section authority -queryfile asked.tsq -signer tsa.pem -inkey tsa.key -out given.tsr")
		}
		reply, err2 := os.ReadFile(filepath.Join(w.dir, "given.tsr"))
		if err != nil || err2 != nil {
			http.Error(out, "no stamp", http.StatusInternalServerError)
			return
		}
		out.Header().Set("Content-Type", "application/timestamp-reply")
		out.Write(reply)
	}))
	defer authority.Close()

	w.run(nil, "openssl ts -query -data app.head -sha256 -cert -out app.tsq")
	query, err := os.ReadFile(filepath.Join(w.dir, "app.tsq"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(authority.URL, "application/timestamp-query", bytes.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	w.write("app.tsr", string(reply))
	verify := "openssl ts -verify -data app.head -in app.tsr -CAfile tsa.pem"
	w.run(nil, verify)
	w.change()
	if out, err := w.try(nil, verify); err == nil {
		t.Errorf("another head has the same stamp: %s", out)
	}
}

// change makes another root of the head's.
func (w workshop) change() {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "app.head"))
	if err != nil {
		w.Fatal(err)
	}
	doc, err := evidence.Parse(text)
	if err != nil {
		w.Fatal(err)
	}
	head := doc.(*evidence.Head)
	head.Root[0] ^= 1
	w.write("app.head", string(evidence.Text(head)))
}

// A head is signed with a key of SSH.
func TestSignature(t *testing.T) {
	w := newWorkshop(t, "ssh-keygen")
	w.write("empty", "")
	if out, err := w.try(nil, "ssh-keygen -q -t ed25519 -N= -f key"); err != nil {
		t.Skipf("this ssh-keygen makes no key: %s", out)
	}
	public, err := os.ReadFile(filepath.Join(w.dir, "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("signers", "somebody "+string(public))
	if out, err := w.try(nil, "ssh-keygen -Y sign -f key -n lmz -P= app.head"); err != nil {
		t.Skipf("this ssh-keygen does not sign: %s", out)
	}
	verify := func() ([]byte, error) {
		head, err := os.ReadFile(filepath.Join(w.dir, "app.head"))
		if err != nil {
			t.Fatal(err)
		}
		return w.try(head, "ssh-keygen -Y verify -f signers -I somebody -n lmz -s app.head.sig")
	}
	if out, err := verify(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	w.change()
	if out, err := verify(); err == nil {
		t.Errorf("another head has the same signature: %s", out)
	}
}
