package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"

	"github.com/lmz-go/lmz/tools/internal/notices"
)

// bill writes what the programs of a product are made of, as CycloneDX 1.6.
func (r *release) bill(p *product, all notices.Modules) error {
	b := cyclonedx.NewBOM()
	b.Metadata = &cyclonedx.Metadata{
		Timestamp: r.time.Format("2006-01-02T15:04:05Z"),
		Component: &cyclonedx.Component{
			BOMRef: p.name, Type: cyclonedx.ComponentTypeApplication, Name: p.name, Version: r.version,
			PackageURL: "pkg:golang/github.com/lmz-go/lmz@v" + r.version,
			Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "MIT"}}},
		},
	}
	parts := []cyclonedx.Component{{
		BOMRef: "go", Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: strings.TrimPrefix(all.Go, "go"), PackageURL: "pkg:golang/std@" + strings.TrimPrefix(all.Go, "go"),
	}}
	needs := []string{"go"}
	for _, m := range all.List {
		ref := "pkg:golang/" + m.Path + "@" + m.Version
		c := cyclonedx.Component{BOMRef: ref, Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: ref}
		if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(sum) == 32 {
			// Of the module, as go.sum has it.
			c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
		}
		parts, needs = append(parts, c), append(needs, ref)
	}
	b.Components = &parts
	b.Dependencies = &[]cyclonedx.Dependency{{Ref: p.name, Dependencies: &needs}}
	var out bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(b); err != nil {
		return err
	}
	return r.write(p.name+"-"+r.version+".cdx.json", out.Bytes())
}
