// Which part of the panel is open.
export type View = 'profile' | 'coverage';

class Views {
  current = $state<View>('profile');
}

export const view = new Views();
