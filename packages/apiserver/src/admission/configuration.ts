/** What `--admission-control-config-file` says to one plugin. */
export interface PluginConfiguration {
  /** The parsed document. */
  readonly value: unknown;
}

/** Reads what a plugin is told. Throws naming what it cannot be. */
export type ConfigurationParser<T> = (given: PluginConfiguration) => T;

/** The configurations of plugins, each as its parser made it, by the plugin's name. */
export type PluginConfigurations = ReadonlyMap<string, unknown>;
