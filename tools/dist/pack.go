package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// name is what the files for a system are called, without what tells their kind.
func (r *release) name(p *product, t target) string {
	return p.name + "-" + r.version + "-" + t.String()
}

func (r *release) archiveName(p *product, t target) string {
	if t.os == "windows" {
		return r.name(p, t) + ".zip"
	}
	return r.name(p, t) + ".tar.gz"
}

// pack makes the archive for a system: a folder with the programs and what belongs to them.
func (r *release) pack(p *product, t target, programs []string) ([]byte, error) {
	type file struct {
		name string
		mode int64
		data []byte
		link string
	}
	var files []file
	for _, program := range programs {
		binary, err := os.ReadFile(program)
		if err != nil {
			return nil, err
		}
		files = append(files, file{filepath.Base(program), 0o755, binary, ""})
	}
	files = append(files, file{"LICENSE", 0o644, r.licence, ""}, file{"NOTICES.txt", 0o644, p.notices, ""}, file{"README.md", 0o644, r.readme, ""})
	if t.os != "windows" {
		for _, name := range p.aliases {
			files = append(files, file{name: name, mode: 0o777, link: p.programs[0].name})
		}
		shared, data, err := p.sharedFiles()
		if err != nil {
			return nil, err
		}
		for _, name := range shared {
			files = append(files, file{name: "share/" + name, mode: 0o644, data: data[name]})
		}
	}
	folder := r.name(p, t) + "/"
	var out bytes.Buffer
	if t.os == "windows" {
		z := zip.NewWriter(&out)
		for _, f := range files {
			w, err := z.CreateHeader(&zip.FileHeader{Name: folder + f.name, Method: zip.Deflate, Modified: r.time})
			if err == nil {
				_, err = w.Write(f.data)
			}
			if err != nil {
				return nil, err
			}
		}
		err := z.Close()
		return out.Bytes(), err
	}
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(z)
	for _, f := range files {
		kind := byte(tar.TypeReg)
		if f.link != "" {
			kind = tar.TypeSymlink
		}
		err := w.WriteHeader(&tar.Header{Typeflag: kind, Linkname: f.link, Name: folder + f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: r.time, Uname: "root", Gname: "root", Format: tar.FormatUSTAR})
		if err == nil {
			_, err = w.Write(f.data)
		}
		if err != nil {
			return nil, err
		}
	}
	if err = w.Close(); err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}

// dockerfile makes an image of nothing but the program, of the packed ones next to it.
func dockerfile(r *release) string {
	return fmt.Sprintf(`# docker build -t lmz .      and then:  docker run --rm -i lmz -dc <app.log.lmz
FROM scratch
ARG TARGETARCH=amd64
ADD lmz-%s-linux-${TARGETARCH}.tar.gz /
ENV PATH=/lmz-%[1]s-linux-amd64:/lmz-%[1]s-linux-arm64
ENTRYPOINT ["lmz"]
`, r.version)
}

// formula is that of Homebrew, for lmz alone: what lmz-cloud and lmz-job need is not for everyone who
// wants lmz, and who wants them finds them as archives.
func (r *release) formula(lmz *product, chosen []target) error {
	var b strings.Builder
	fmt.Fprintf(&b, `class Lmz < Formula
  desc "Lossless compression for large-log archival"
  homepage "https://github.com/lmz-go/lmz"
  version "%s"
  license "MIT"
`, r.version)
	systems := 0
	for _, on := range []struct{ system, name string }{{"darwin", "on_macos"}, {"linux", "on_linux"}} {
		var inner strings.Builder
		for _, cpu := range []struct{ arch, name string }{{"arm64", "on_arm"}, {"amd64", "on_intel"}} {
			if t := (target{on.system, cpu.arch}); slices.Contains(chosen, t) {
				archive, err := os.ReadFile(filepath.Join(r.out, r.archiveName(lmz, t)))
				if err != nil {
					return err
				}
				fmt.Fprintf(&inner, "    %s do\n      url \"https://github.com/lmz-go/lmz/releases/download/v%s/%s\"\n      sha256 \"%x\"\n    end\n",
					cpu.name, r.version, r.archiveName(lmz, t), sha256.Sum256(archive))
				systems++
			}
		}
		if inner.Len() > 0 {
			fmt.Fprintf(&b, "\n  %s do\n%s  end\n", on.name, inner.String())
		}
	}
	b.WriteString(`
  def install
    bin.install "lmz"
    bin.install_symlink bin/"lmz" => "unlmz"
    bin.install_symlink bin/"lmz" => "lmzcat"
    bin.install_symlink bin/"lmz" => "lmzgrep"
    doc.install "README.md", "NOTICES.txt"
    man1.install Dir["share/man/man1/*"]
    generate_completions_from_executable(bin/"lmz", "completion")
  end

  test do
    (testpath/"a").write("some text\n" * 100)
    system bin/"lmz", "a"
    assert_equal (testpath/"a").read, shell_output("#{bin}/lmz -dc a.lmz")
  end
end
`)
	if systems == 0 {
		return nil
	}
	return r.write("lmz.rb", []byte(b.String()))
}
