/**
 * Where in a file system packages are, by path: what distributions bring, and what language's package
 * managers do. There is much, and none of it was written by whoever builds the image.
 */

const SYSTEM = /^\/(?:usr\/)?(?:s?bin|lib|lib32|lib64|libx32|libexec|share|include)\//;
const LANGUAGE =
  /\/(?:node_modules|site-packages|dist-packages|gems|bower_components)\/|^\/usr\/lib\/(?:python|perl|ruby|jvm|go-|node)|^\/usr\/share\/(?:doc|perl|python|ruby|go-|nodejs)|^\/usr\/local\/(?:go|lib\/(?:python|ruby|perl))|\/(?:go\/pkg\/mod|\.?cargo\/(?:registry|git)|\.rustup|\.pyenv|\.nvm)\/|^\/nix\/store\//;

/** Whether a path is in a folder of the distribution. */
export function isSystem(path: string): boolean {
  return SYSTEM.test(path);
}

/** Whether it is in a folder of a language's packages. */
export function isOfPackage(path: string): boolean {
  return LANGUAGE.test(path);
}
