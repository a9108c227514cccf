{
  description = "Compiles KAITO Workspaces into Kubernetes objects, offline and deterministically";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "aarch64-darwin"
        "aarch64-linux"
        "x86_64-darwin"
        "x86_64-linux"
      ];
      forAllSystems = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      manifest = (nixpkgs.lib.importTOML ./Cargo.toml).package;
    in
    {
      packages = forAllSystems (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = manifest.name;
          version = manifest.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          nativeBuildInputs = [ pkgs.installShellFiles ];
          # The tests install real components and so need the network.
          doCheck = false;
          postInstall = ''
            for shell in bash fish zsh; do
              installShellCompletion --cmd kaito-render --$shell <($out/bin/kaito-render completions $shell)
            done
            $out/bin/kaito-render man > kaito-render.1
            for command in render check; do
              $out/bin/kaito-render man $command > kaito-render-$command.1
            done
            installManPage kaito-render*.1
          '';
          meta = {
            description = manifest.description;
            homepage = manifest.repository;
            license = nixpkgs.lib.licenses.asl20;
            mainProgram = "kaito-render";
          };
        };
      });

      apps = forAllSystems (pkgs: {
        default = {
          type = "app";
          program = nixpkgs.lib.getExe self.packages.${pkgs.system}.default;
        };
      });

      devShells = forAllSystems (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ self.packages.${pkgs.system}.default ];
          packages = with pkgs; [
            actionlint
            busybox
            cargo-deny
            cargo-fuzz
            clippy
            git
            go
            just
            kubectl
            kubectl-validate
            kustomize
            mdbook
            nodejs
            pre-commit
            python3
            rust-analyzer
            rustfmt
            shellcheck
          ];
        };
      });
    };
}
