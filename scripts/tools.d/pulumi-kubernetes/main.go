// Command pulumi-resource-kubernetes serves the Pulumi Kubernetes provider out of its Go module. Upstream's own main
// embeds a file that only its release build makes; the module ships the same content as schema.json, which
// scripts/tools puts beside this file, with terraform-mapping.json, before it builds.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

func main() { provider.Serve("kubernetes", version.Version, schema, mapping) }
