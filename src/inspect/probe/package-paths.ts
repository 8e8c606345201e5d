/** Paths of packages: those of distributions, and of languages' package managers. */

const SYSTEM = /^\/(?:usr\/)?(?:s?bin|lib|lib32|lib64|libx32|libexec|share|include)\//;
const LANGUAGE =
  /\/(?:node_modules|site-packages|dist-packages|gems|bower_components)\/|^\/usr\/lib\/(?:python|perl|ruby|jvm|go-|node)|^\/usr\/share\/(?:doc|perl|python|ruby|go-|nodejs)|^\/usr\/local\/(?:go|lib\/(?:python|ruby|perl))|\/(?:go\/pkg\/mod|\.?cargo\/(?:registry|git)|\.rustup|\.pyenv|\.nvm)\/|^\/nix\/store\//;

export function isSystemPath(path: string): boolean {
  return SYSTEM.test(path);
}

export function isPackagePath(path: string): boolean {
  return LANGUAGE.test(path);
}
