package main

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// packages makes those of Debian and Red Hat.
func (r *release) packages(tmp string, p *product, t target, programs []string) error {
	contents := files.Contents{}
	add := func(from, to string, mode os.FileMode) {
		contents = append(contents, &files.Content{Source: from, Destination: to, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: r.time}})
	}
	for _, program := range programs {
		add(program, "/usr/bin/"+filepath.Base(program), 0o755)
	}
	for name, data := range map[string][]byte{"copyright": append(append([]byte{}, r.licence...), p.notices...), "README.md": r.readme} {
		file := filepath.Join(tmp, name)
		if err := os.WriteFile(file, data, 0o666); err != nil {
			return err
		}
		add(file, "/usr/share/doc/"+p.name+"/"+name, 0o644)
	}
	shared, _, err := p.sharedFiles()
	if err != nil {
		return err
	}
	for _, name := range shared {
		add(filepath.Join(p.share, filepath.FromSlash(name)), "/usr/share/"+name, 0o644)
		if name == "zsh/site-functions/_lmz" { // where Debian's zsh looks
			add(filepath.Join(p.share, filepath.FromSlash(name)), "/usr/share/zsh/vendor-completions/_lmz", 0o644)
		}
	}
	for _, name := range p.aliases {
		contents = append(contents, &files.Content{Source: p.programs[0].name, Destination: "/usr/bin/" + name, Type: files.TypeSymlink, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", MTime: r.time}})
	}
	for _, format := range []string{"deb", "rpm"} {
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: p.name, Arch: t.arch, Platform: "linux", Version: r.version, VersionSchema: "none", Section: "utils", Priority: "optional",
			Maintainer: "The lmz authors <lmz@users.noreply.github.com>", Homepage: "https://github.com/lmz-go/lmz", License: "MIT",
			Description: p.summary + "\n" + p.about,
			MTime:       r.time, Overridables: nfpm.Overridables{Contents: contents},
		})
		info.RPM.BuildHost = "localhost"
		if p.needs != "" {
			info.Depends = []string{map[string]string{"deb": p.needs + " (= " + r.version + ")", "rpm": p.needs + " = " + r.version + "-1"}[format]}
		}
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return err
		}
		packager, err := nfpm.Get(format)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := packager.Package(info, &out); err != nil {
			return err
		}
		if err := r.write(r.name(p, t)+"."+format, out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
