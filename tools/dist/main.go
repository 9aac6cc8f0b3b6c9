// Command dist makes what a release gives out: programs for all systems, without C, as archives and
// packages, with their licences, checksums, and what they are made of.
//
// What it makes depends on the sources, the version, the time and Go's version alone.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lmz-go/lmz/tools/internal/notices"
)

// target is a system that programs are made for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "-" + t.arch }

var targets = []target{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"},
	{"freebsd", "amd64"}, {"freebsd", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// release is what is made.
type release struct {
	version string    // without a v in front
	time    time.Time // that files are said to be of
	sources string    // the repository
	out     string
	readme  []byte
	licence []byte
}

// product is what is given out together: as an archive for each system, and as packages.
type product struct {
	name     string
	summary  string
	about    string // in packages, behind the summary
	programs []program
	aliases  []string // other names of the first program, which do what they say
	needs    string   // another product, of the same version
	share    string   // folder with the manual and the like
	notices  []byte
}

// program is one of a product, made of a module.
type program struct{ name, module, tags string }

func products() (lmz, cloud *product) {
	lmz = &product{
		name: "lmz", summary: "Lossless compression for large-log archival",
		about:    "lmz predicts each bit of logs, JSON and prose by context mixing and a language model.",
		programs: []program{{"lmz", "cmd/lmz", ""}},
		aliases:  []string{"unlmz", "lmzcat", "lmzgrep"},
	}
	// What lmz runs for URLs of object stores, and as lmz job. It has the SDKs and the database,
	// which make it six times as large as lmz, so it is for those who want it.
	cloud = &product{
		name: "lmz-cloud", summary: "Object stores and durable jobs for lmz",
		about:    "What lmz runs for s3://, gs:// and azblob:// URLs, and as lmz job.",
		programs: []program{{"lmz-cloud", "cmd/lmz", "cloud"}, {"lmz-job", "jobs", ""}},
		needs:    "lmz",
	}
	return lmz, cloud
}

func main() {
	version := flag.String("version", "", "the release's version, such as 0.9.0")
	seconds := flag.Int64("time", 0, "that of all files, in seconds since 1970")
	out := flag.String("o", "dist/release", "folder, which is made anew")
	only := flag.String("only", "", "systems to make it for, such as linux-amd64,darwin-arm64; all of them by default")
	flag.Parse()
	if err := run(strings.TrimPrefix(*version, "v"), time.Unix(*seconds, 0).UTC(), *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(version string, at time.Time, out, only string) error {
	if version == "" || version[0] < '0' || version[0] > '9' {
		return fmt.Errorf("version %q, want one such as 0.9.0", version)
	}
	chosen := targets
	if only != "" {
		chosen = nil
		for name := range strings.SplitSeq(only, ",") {
			i := slices.IndexFunc(targets, func(t target) bool { return t.String() == name })
			if i < 0 {
				return fmt.Errorf("unknown system %q", name)
			}
			chosen = append(chosen, targets[i])
		}
	}
	r := &release{version: version, time: at, sources: ".", out: out}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	return r.make(chosen)
}

func (r *release) make(chosen []target) (err error) {
	if r.readme, err = os.ReadFile(filepath.Join(r.sources, "README.md")); err != nil {
		return err
	}
	if r.licence, err = os.ReadFile(filepath.Join(r.sources, "LICENSE")); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "lmz-dist")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	lmz, cloud := products()
	for p, module := range map[*product]string{lmz: "cmd/lmz", cloud: "jobs"} {
		if p.share, err = r.makeShare(tmp, module); err != nil {
			return err
		}
	}
	if err := r.viewer(); err != nil {
		return err
	}
	for _, p := range []*product{lmz, cloud} {
		if err := r.product(tmp, p, chosen); err != nil {
			return err
		}
	}
	if err := r.model("large"); err != nil {
		return err
	}
	if err := r.write("Dockerfile", []byte(dockerfile(r))); err != nil {
		return err
	}
	if err := r.formula(lmz, chosen); err != nil {
		return err
	}
	return r.checksums()
}

// product makes all files of one.
func (r *release) product(tmp string, p *product, chosen []target) error {
	programs := map[target][]string{}
	var all []string
	for _, t := range chosen {
		for _, of := range p.programs {
			fmt.Fprintln(os.Stderr, "dist:", of.name, t)
			file, err := r.build(tmp, of, t)
			if err != nil {
				return err
			}
			programs[t], all = append(programs[t], file), append(all, file)
		}
	}
	made, err := notices.Of(all)
	if err != nil {
		return err
	}
	if p.notices, err = notices.Text(r.sources, made); err != nil {
		return err
	}
	if err := r.write(p.name+"-"+r.version+"-NOTICES.txt", p.notices); err != nil {
		return err
	}
	if err := r.bill(p, made); err != nil {
		return err
	}
	for _, t := range chosen {
		archive, err := r.pack(p, t, programs[t])
		if err != nil {
			return err
		}
		if err := r.write(r.archiveName(p, t), archive); err != nil {
			return err
		}
		if t.os == "linux" {
			if err := r.packages(tmp, p, t, programs[t]); err != nil {
				return err
			}
		}
	}
	return nil
}

// model adds a released model that no program has in it.
func (r *release) model(name string) error {
	file := name + "-q8_0.gguf"
	data, err := os.ReadFile(filepath.Join(r.sources, "models", name, file))
	if err != nil {
		return err
	}
	return r.write(file, data)
}

func (r *release) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(r.out, name), data, 0o666)
}

// checksums lists all files as sha256sum does.
func (r *release) checksums() error {
	files, err := os.ReadDir(r.out) // sorted
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(r.out, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), f.Name())
	}
	return r.write("SHA256SUMS", []byte(sums.String()))
}
